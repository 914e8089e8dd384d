import { KILL, KILLED, NORMAL } from './notices.ts'

export interface ExitSignal {
  readonly reason: unknown
  /** Whether it came because a linked process ended, and not from `exit(pid, reason)`. */
  readonly linked: boolean
  /** Whether the process sent it to itself. */
  readonly fromSelf: boolean
}

export type ExitDecision =
  | { readonly type: 'ignore' }
  /** Into the mailbox, as an `Exit`. */
  | { readonly type: 'message' }
  | { readonly type: 'end'; readonly reason: unknown }

/**
 * What an exit signal does to a process: "Receiving Exit Signals" in the Processes chapter of the Erlang Reference Manual.
 * `kill` ends a process even if it traps exits, but only when sent on purpose: as the reason of a linked process it is like any other.
 */
export function decideExit(signal: ExitSignal, trapExit: boolean): ExitDecision {
  if (signal.reason === KILL && !signal.linked) return { type: 'end', reason: KILLED }
  if (trapExit) return { type: 'message' }
  if (signal.reason === NORMAL && !(signal.fromSelf && !signal.linked)) return { type: 'ignore' }
  return { type: 'end', reason: signal.reason }
}
