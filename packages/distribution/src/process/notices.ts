import { inspect } from 'node:util'
import { type Atom, atom, Pid, type Reference, tuple } from '@tiebeam/etf'

/** A process by its registered name on a node. */
export interface RemoteName {
  readonly name: string
  readonly node: string
}

/** What can be monitored. A bare string is a name registered on the own node. */
export type MonitorTarget = Pid | string | RemoteName

/** What can be sent to: a process, an alias, a name on the own node, a name on any node. */
export type Destination = Pid | Reference | string | RemoteName

/** Arrives in the mailbox when a monitor fires; Erlang's `{'DOWN', Reference, process, Target, Reason}`. */
export class Down {
  /** What `monitor` returned. */
  readonly reference: Reference
  /** The monitored process; when it was monitored by name, that name and its node. */
  readonly target: Pid | RemoteName
  /** Why: what the process ended with, `noproc` when there was none, `noconnection` when its node is not reachable. */
  readonly reason: unknown

  constructor(reference: Reference, target: Pid | RemoteName, reason: unknown) {
    this.reference = reference
    this.target = target
    this.reason = reason
  }

  [inspect.custom](_depth: number, options: object): string {
    return `Down { target: ${inspect(this.target, options)}, reason: ${inspect(this.reason, options)} }`
  }
}

/** Arrives in the mailbox as the answer to a `spawnRequest`; Erlang's `{spawn_reply, Reference, ok | error, Result}`. */
export class SpawnReply {
  /** What `spawnRequest` returned. */
  readonly reference: Reference
  /** The new process; undefined when there is none. */
  readonly pid: Pid | undefined
  /** Why there is no process: `notsup`, `noconnection`, `system_limit`, `badopt`, or what else the other node says. */
  readonly error: Atom | undefined

  constructor(reference: Reference, result: Pid | Atom) {
    this.reference = reference
    this.pid = result instanceof Pid ? result : undefined
    this.error = result instanceof Pid ? undefined : result
  }
}

/** Arrives in the mailbox of a process with `trapExit` instead of ending it; Erlang's `{'EXIT', From, Reason}`. */
export class Exit {
  readonly from: Pid
  readonly reason: unknown

  constructor(from: Pid, reason: unknown) {
    this.from = from
    this.reason = reason
  }

  [inspect.custom](_depth: number, options: object): string {
    return `Exit { from: ${inspect(this.from, options)}, reason: ${inspect(this.reason, options)} }`
  }
}

/** Thrown by a process function, ends the process with this very reason: `throw new ExitReason(atom('shutdown'))`. */
export class ExitReason extends Error {
  override readonly name = 'ExitReason'
  readonly reason: unknown

  constructor(reason: unknown) {
    super(`exit with reason ${inspect(reason)}`)
    this.reason = reason
  }
}

/** The reasons that Erlang gives a meaning. */
export const NORMAL: Atom = atom('normal')
export const KILL: Atom = atom('kill')
export const KILLED: Atom = atom('killed')
export const NOPROC: Atom = atom('noproc')
export const NOCONNECTION: Atom = atom('noconnection')

const NO_STACK: readonly unknown[] = []

/**
 * The term for what a process function threw. An {@link ExitReason} is taken at its word; an Error becomes
 * `{{javascript, Name, Message}, []}` and anything else `{{nocatch, Value}, []}`: the shape `{Reason, Stack}` in which BEAM nodes
 * expect, and print, the end of a process by an exception.
 */
export function reasonOf(thrown: unknown): unknown {
  if (thrown instanceof ExitReason) return thrown.reason
  if (thrown instanceof Error) return tuple(tuple(atom('javascript'), thrown.name, thrown.message), NO_STACK)
  return tuple(tuple(atom('nocatch'), thrown), NO_STACK)
}

/** What is told to other nodes instead of a reason that has no term. */
export function inspectedReason(reason: unknown): unknown {
  return tuple(tuple(atom('nocatch'), inspect(reason, { depth: 2 }).toWellFormed().slice(0, 1000)), NO_STACK)
}
