import { DistributionError } from '../../errors.ts'
import type { Asker } from '../process-table.ts'

/** Beyond this a timer of Node fires at once. It is 24 days, which nobody waits for. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** A request under way. */
export class Question implements Asker {
  readonly answer: Promise<unknown>
  #resolve!: (answer: unknown) => void
  #reject!: (error: Error) => void
  #timer: NodeJS.Timeout | undefined
  #open = true

  constructor() {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** After so long it is rejected with `RECEIVE_TIMEOUT`, and `onTimeout` is called. */
  limit(timeoutMs: number, onTimeout: () => void): void {
    if (!this.#open || timeoutMs > TIMER_MS_MAX) return
    this.#timer = setTimeout(() => {
      this.#close()
      onTimeout()
      this.#reject(new DistributionError('RECEIVE_TIMEOUT', `No answer came within ${timeoutMs} ms.`))
    }, timeoutMs)
  }

  settle(answer: unknown): void {
    this.#close()
    this.#resolve(answer)
  }

  abandon(error: Error): void {
    this.#close()
    // Who asked may have ended, and then nobody handles this.
    this.answer.catch(() => {})
    this.#reject(error)
  }

  #close(): void {
    this.#open = false
    if (this.#timer !== undefined) clearTimeout(this.#timer)
  }
}
