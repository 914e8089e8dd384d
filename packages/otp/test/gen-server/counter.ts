import { atom, ExitReason, tuple } from '@tiebeam/distribution'
import { type From, GenServer, type Later } from '../../src/index.ts'

/** A server with one of everything. */
export class Counter extends GenServer {
  #total = 0
  #waiting: From<number>[] = []

  override readonly calls = {
    add: (amount: number) => {
      this.#total += amount
      return this.#total
    },
    get: () => this.#total,
    slowly: async (amount: number) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      this.#total += amount
      return this.#total
    },
    positive: (): number | Later<number> =>
      this.#total > 0 ? this.#total : this.later<number>((from) => this.#waiting.push(from)),
    silence: () => this.later<never>(() => {}),
    fail: (): never => {
      throw new RangeError('too much')
    },
    exit: (): never => {
      throw new ExitReason(tuple(atom('gave'), atom('up')))
    },
    finish: (reason: string) => {
      this.stop(atom(reason))
      return 'last words'
    },
    leave: () => {
      this.stop()
      return this.later<string>(() => {})
    },
    noTerm: () => () => 'a function',
    whole: (text: string, list: number[], options: { deep: boolean }) => [text, list, options] as const,
    nobody: () => undefined,
  }

  override readonly casts = {
    reset: () => {
      this.#total = 0
    },
    set: (total: number) => {
      this.#total = total
      for (const from of this.#waiting.splice(0)) this.reply(from, total)
    },
    fail: () => {
      throw new Error('a cast failed')
    },
  }

  override init(start = 0): void {
    this.#total = start
  }

  override describeState(): unknown {
    return { total: this.#total }
  }
}
