import type { Key } from './key.ts'

/** A row that is looked at for its end. */
export interface Due {
  readonly atMs: number
  readonly table: string
  readonly key: Key
}

/** What is due when: a heap by time. */
export class Expiries {
  readonly #heap: Due[] = []

  get size(): number {
    return this.#heap.length
  }

  add(added: Due): void {
    const heap = this.#heap
    const { atMs } = added
    let place = heap.length
    heap.push(added)
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent]
      if (above === undefined || above.atMs <= atMs) break
      heap[place] = above
      place = parent
    }
    heap[place] = added
  }

  /** The earliest, if it is due. */
  takeDue(nowMs: number): Due | undefined {
    const [first] = this.#heap
    if (first === undefined || first.atMs > nowMs) return undefined
    this.#removeFirst()
    return first
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let place = 0
    for (;;) {
      let child = place * 2 + 1
      const left = heap[child]
      if (left === undefined) break
      const right = heap[child + 1]
      if (right !== undefined && right.atMs < left.atMs) child += 1
      const below = heap[child]
      if (below === undefined || below.atMs >= last.atMs) break
      heap[place] = below
      place = child
    }
    heap[place] = last
  }
}
