import type { NamedChange, SnapshotReason } from './changes.ts'

export interface ChangeReaderInit<Item> {
  readonly snapshot: (reason: SnapshotReason) => Item
  readonly pick: (changes: readonly NamedChange[]) => readonly Item[]
  /** Up to where the rows of a snapshot that is taken now are applied; undefined while there are none. */
  readonly applied: () => number | undefined
  readonly changesMax: number
  readonly onEnd: () => void
}

interface Waiting<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void
  readonly reject: (error: unknown) => void
}

/** Somebody who follows what changes: a snapshot first, and then each change, as it is asked for. */
export class ChangeReader<Item = unknown> implements AsyncIterableIterator<Item, undefined> {
  readonly #init: ChangeReaderInit<Item>
  #items: Item[] = []
  #restart: SnapshotReason | undefined = 'start'
  /** What the last snapshot shows is not told again. */
  #shown = 0
  #waiting: Waiting<Item>[] = []
  #isOver = false
  #error: unknown

  constructor(init: ChangeReaderInit<Item>) {
    this.#init = init
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#serve()
    })
  }

  return(): Promise<IteratorResult<Item, undefined>> {
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  push(index: number, changes: readonly NamedChange[]): void {
    if (this.#restart !== undefined || index <= this.#shown) return
    this.#items.push(...this.#init.pick(changes))
    if (this.#items.length > this.#init.changesMax) this.restart('overflow')
    else this.#serve()
  }

  /** Goes on from a snapshot, taken when it is asked for. */
  restart(reason: SnapshotReason): void {
    if (this.#restart === undefined || this.#restart === 'overflow') this.#restart = reason
    this.#items = []
    this.#serve()
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#items = []
    this.#init.onEnd()
    this.#serve()
  }

  fail(error: unknown): void {
    this.#error = error
    this.end()
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const result = this.#take()
      if (result === undefined && this.#error === undefined) return
      const { resolve, reject } = this.#waiting.shift() as Waiting<Item>
      const error = this.#error
      // Told once: after it, the loop is over.
      this.#error = undefined
      if (error !== undefined) reject(error)
      else if (result !== undefined) resolve(result)
    }
  }

  #take(): IteratorResult<Item, undefined> | undefined {
    if (this.#isOver) return { done: true, value: undefined }
    if (this.#restart !== undefined) {
      const applied = this.#init.applied()
      if (applied === undefined) return undefined
      const reason = this.#restart
      this.#restart = undefined
      this.#shown = applied
      return { done: false, value: this.#init.snapshot(reason) }
    }
    if (this.#items.length === 0) return undefined
    return { done: false, value: this.#items.shift() as Item }
  }
}
