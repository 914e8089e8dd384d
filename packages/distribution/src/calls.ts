import type { Atom, Pid } from '@tiebeam/etf'
import type { Behaviour } from './process/process.ts'

/** A function that another node wants to have run: module, function, arguments, as Erlang names it. */
export interface FunctionCall {
  readonly module: string
  readonly function: string
  readonly args: readonly unknown[]
}

/** A process that another node wants to have started: SPAWN_REQUEST of the Distribution Protocol guide. */
export interface SpawnRequest extends FunctionCall {
  /** Who asks, and may be linked to the new process or monitor it. */
  readonly from: Pid
}

/** Serves what other nodes want to run on this one. A node without such a server runs nothing for others. */
export interface CallServer {
  /** What the new process runs, or why there is none: `notsup`, `system_limit`. Must not throw. */
  spawn(request: SpawnRequest): Behaviour | Atom
  /**
   * A call by way of the registered process `rex`, as `rpc:block_call/4` makes it. Resolves with the term that answers it; `{badrpc, Reason}` when it
   * failed. Must not reject.
   * `from` is undefined for a cast, whose answer is dropped.
   */
  call(call: FunctionCall, from: Pid | undefined): Promise<unknown>
}
