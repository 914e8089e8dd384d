import type { Pid } from '@tiebeam/etf'

/** Whoever has a pid on this node: what signals reach. */
export interface Recipient {
  readonly pid: Pid
  /** Messages that wait to be received. */
  readonly mailboxLength: number
  deliver(message: unknown): void
  exitSignal(from: Pid, reason: unknown, linked: boolean): void
}
