import type { Pid, Reference } from '@tiebeam/etf'
import type { FunctionCall } from '../calls.ts'
import type { Node } from '../node.ts'
import type { Mark, Match } from './mailbox.ts'
import type { Destination, MonitorTarget } from './notices.ts'
import type { SpawnReplies } from './spawn-requests.ts'

/** The function that a process runs. The process ends when it returns, or with a reason when it throws. */
export type Behaviour = (self: Process) => unknown

export interface SpawnInit {
  /** A name to register it under. Errors: `NAME_TAKEN`. */
  readonly name?: string
  /** Start with exits trapped, which leaves no gap between start and `self.trapExit = true`. Default false. */
  readonly trapExit?: boolean
  /**
   * An exit signal tells the function to stop (`signal` is aborted, `receive` rejects), and for everyone else the process ends when its
   * function has returned; only `kill` ends it before. Default false: it has ended at once, whatever its function still does.
   */
  readonly graceful?: boolean
  /** More messages than this in the mailbox end the process with reason `mailbox_full`. Default: that of the node. */
  readonly mailboxMessagesMax?: number
}

export interface ReceiveInit {
  /** Rejects with code `RECEIVE_TIMEOUT` when no such message came in time; 0 looks only at what is there. Default: waits for ever. */
  readonly timeoutMs?: number
}

export interface SelectiveReceiveInit<M> extends ReceiveInit {
  readonly match: M
  /** What came before this point is not looked at: see {@link Process.mark}. */
  readonly after?: Mark
}

export interface MonitorInit {
  /**
   * Makes the reference an alias as well: an address of this process that can be given to others, and ends on its own.
   * `demonitor`: when the monitor is removed or fires. `replyDemonitor`: also with the first message that comes by it, which
   * removes the monitor too. `explicit`: by `unalias` only.
   */
  readonly alias?: 'demonitor' | 'replyDemonitor' | 'explicit'
}

export interface DemonitorInit {
  /** Removes its `Down` from the mailbox, if it is there already. Default false. */
  readonly flush?: boolean
}

export interface SpawnRequestInit {
  /** Link to the new process. Default false. */
  readonly link?: boolean
  /** Monitor the new process, with what `spawnRequest` returns as the monitor's reference. Default false. */
  readonly monitor?: boolean
  /** Which answers come as a `SpawnReply`. Default 'all'. */
  readonly replies?: SpawnReplies
}

/**
 * What a process function sees of its process. Every method throws `PROCESS_EXITED` once the process has ended, so that a function
 * whose process was ended from outside stops at its next step; `signal` tells it at once.
 *
 * A message belongs to its receiver as soon as it is sent, and must not be changed afterwards: within a node it is handed over as it is,
 * and a `Uint8Array` of 32 KiB or more is read only when it leaves for another node.
 */
export interface Process extends AsyncIterable<unknown> {
  readonly pid: Pid
  readonly node: Node
  /** Aborted when the process has ended, with a `PROCESS_EXITED` error whose cause is an `ExitReason`. */
  readonly signal: AbortSignal
  /** When true, exit signals (but for `kill`) arrive in the mailbox as `Exit` instead of ending the process. Default false. */
  trapExit: boolean
  /** Messages that wait in the mailbox. */
  readonly mailboxLength: number

  /**
   * The next message; with `match`, the first that it takes.
   * @throws DistributionError `RECEIVE_TIMEOUT`, `PROCESS_EXITED`; and what `match` throws
   */
  receive<T>(init: SelectiveReceiveInit<(message: unknown) => message is T>): Promise<T>
  receive(init: SelectiveReceiveInit<(message: unknown) => boolean>): Promise<unknown>
  receive<T>(init: SelectiveReceiveInit<Match<T>>): Promise<T>
  receive(init?: ReceiveInit): Promise<unknown>
  /** All messages that wait, at least one: the cheapest way to read many. */
  receiveAll(init?: ReceiveInit): Promise<unknown[]>
  /**
   * The next message, if one is there and may be taken in this turn of the event loop; else {@link NO_MESSAGE}, and then `receive` waits.
   * A loop that polls first and receives last handles messages that came together without a promise for each.
   */
  poll(): unknown
  /**
   * The present end of the mailbox. An answer to what is sent from now on comes after it, so a selective receive for that answer can
   * name it as `after` and does not look through a backlog.
   */
  mark(): Mark

  /**
   * Sends a request and waits for its answer. `message` makes the request from the alias by which it is to be answered. The answer is the
   * first message that comes by this alias, or one of the form `{Alias, _}` or `{[alias | Alias], _}` to the pid. If the target ends
   * first, is not there or not reachable, a {@link Down} comes instead. Neither passes through the mailbox, and an answer that comes later
   * is dropped. Many requests may be under way at once.
   * @throws DistributionError `RECEIVE_TIMEOUT`, `PROCESS_EXITED`, `OUTPUT_FULL`, `NODE_NAME_INVALID`; EncodeError
   */
  ask(target: MonitorTarget, message: (alias: Reference) => unknown, init?: ReceiveInit): Promise<unknown>
  /** @throws DistributionError `OUTPUT_FULL`; EncodeError */
  send(to: Destination, message: unknown): void
  link(to: Pid): void
  unlink(to: Pid): void
  monitor(target: MonitorTarget, init?: MonitorInit): Reference
  /** True when the monitor was there and had not fired. */
  demonitor(reference: Reference, init?: DemonitorInit): boolean
  /** A new alias without a monitor, until `unalias`; with `reply`, until the first message that comes by it. */
  alias(init?: { readonly reply?: boolean }): Reference
  unalias(reference: Reference): boolean
  spawn(behaviour: Behaviour, init?: SpawnInit): Pid
  spawnLink(behaviour: Behaviour, init?: SpawnInit): Pid
  spawnMonitor(behaviour: Behaviour, init?: SpawnInit): { readonly pid: Pid; readonly reference: Reference }
  /**
   * Asks a node to start a process that runs one of its functions; Erlang's `spawn_request/5`. The answer comes as a `SpawnReply`.
   * @throws DistributionError `OUTPUT_FULL`, `MESSAGE_TOO_LARGE`, `SPAWN_REQUESTS_FULL`, `NODE_NAME_INVALID`; EncodeError
   */
  spawnRequest(node: string, call: FunctionCall, init?: SpawnRequestInit): Reference
  /**
   * No answer is wanted any more: no `SpawnReply` comes, and no link or monitor is set up. The process may be started all the same.
   * False when the answer has come already.
   */
  abandonSpawn(reference: Reference): boolean
  /** Sends an exit signal, as Erlang's `exit/2`. To end oneself, throw an `ExitReason`. */
  exit(to: Pid, reason: unknown): void
  /** @throws DistributionError `NAME_TAKEN` */
  register(name: string): void
}
