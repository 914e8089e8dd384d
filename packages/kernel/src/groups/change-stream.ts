import { KernelError } from '../errors.ts'
import type { GroupChange } from './scope.ts'

/** Changes on their way to a loop that reads them: those that it has not yet taken wait, up to a limit. */
export class ChangeStream {
  readonly #changesMax: number
  readonly #onEnd: () => void
  #waiting: GroupChange[] = []
  /** Where the next one stands: to take it out of the array would move all others. */
  #head = 0
  #waiters: ((result: IteratorResult<GroupChange>) => void)[] = []
  #ended = false
  #error: KernelError | undefined

  /** @param onEnd called once, when no more changes are wanted */
  constructor(changesMax: number, onEnd: () => void) {
    this.#changesMax = changesMax
    this.#onEnd = onEnd
  }

  push(change: GroupChange): void {
    if (this.#ended) return
    const waiter = this.#waiters.shift()
    if (waiter !== undefined) waiter({ value: change, done: false })
    else if (this.#waiting.length - this.#head < this.#changesMax) this.#waiting.push(change)
    else {
      this.#waiting = []
      this.#head = 0
      this.#error = new KernelError(
        'CHANGES_OVERFLOW',
        `More than changesMax (${this.#changesMax}) changes of groups waited to be read. Read them faster or raise the limit; then monitor again, which begins with the present members.`,
      )
      this.end()
    }
  }

  /** What waits is still read. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    for (const resolve of this.#waiters) resolve({ value: undefined, done: true })
    this.#waiters = []
  }

  next(): Promise<IteratorResult<GroupChange>> {
    const change = this.#shift()
    if (change !== undefined) return Promise.resolve({ value: change, done: false })
    if (this.#error !== undefined) {
      const error = this.#error
      this.#error = undefined
      return Promise.reject(error)
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #shift(): GroupChange | undefined {
    const change = this.#waiting[this.#head]
    if (change === undefined) return undefined
    this.#head++
    if (this.#head === this.#waiting.length) {
      this.#waiting = []
      this.#head = 0
    }
    return change
  }
}
