import type { Pid } from '@tiebeam/etf'
import { Exit } from './notices.ts'
import type { Recipient } from './recipient.ts'

/** A pid of the node itself, served by a function instead of a mailbox. No exit signal ends it: it traps them all. */
export class SystemProcess implements Recipient {
  readonly pid: Pid
  readonly mailboxLength = 0
  readonly #handle: (message: unknown) => void

  constructor(pid: Pid, handle: (message: unknown) => void) {
    this.pid = pid
    this.#handle = handle
  }

  deliver(message: unknown): void {
    this.#handle(message)
  }

  exitSignal(from: Pid, reason: unknown): void {
    this.#handle(new Exit(from, reason))
  }
}
