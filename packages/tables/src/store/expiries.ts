import type { Key, MapKey } from './key.ts'

/** Rows that were written again since are looked at too, so many for each that may be over. */
const LOOKS_A_ROW = 10

/** The time of one row. */
interface Life {
  readonly key: Key
  expiresMs: number
  /** When it is looked at; never later than it expires, so that one that is written again and again is not moved each time. */
  dueMs: number
  /** In the heap. */
  place: number
}

/** When the rows of a table expire: a heap by the time at which they are looked at. */
export class Expiries {
  readonly #lives = new Map<MapKey, Life>()
  #heap: Life[] = []

  get size(): number {
    return this.#heap.length
  }

  expiresMs(name: MapKey): number | undefined {
    return this.#lives.get(name)?.expiresMs
  }

  set(name: MapKey, key: Key, expiresMs: number): void {
    const life = this.#lives.get(name)
    if (life === undefined) {
      const begun = { key, expiresMs, dueMs: expiresMs, place: this.#heap.length }
      this.#lives.set(name, begun)
      this.#heap.push(begun)
      this.#rise(begun)
      return
    }
    life.expiresMs = expiresMs
    if (life.dueMs <= expiresMs) return
    life.dueMs = expiresMs
    this.#rise(life)
  }

  delete(name: MapKey): void {
    const life = this.#lives.get(name)
    if (life === undefined) return
    this.#lives.delete(name)
    const last = this.#heap.pop() as Life
    if (last === life) return
    this.#put(last, life.place)
    this.#rise(last)
    this.#sink(last)
  }

  clear(): void {
    this.#lives.clear()
    this.#heap = []
  }

  isDue(nowMs: number): boolean {
    const [first] = this.#heap
    return first !== undefined && first.dueMs <= nowMs
  }

  /** Up to `rowsMax` whose time is over. They are told of again after `retryMs`. */
  take(nowMs: number, rowsMax: number, retryMs: number): Key[] {
    const expired: Key[] = []
    for (let left = rowsMax * LOOKS_A_ROW; left > 0 && expired.length < rowsMax; left -= 1) {
      const [first] = this.#heap
      if (first === undefined || first.dueMs > nowMs) break
      const isOver = first.expiresMs <= nowMs
      if (isOver) expired.push(first.key)
      first.dueMs = isOver ? Math.ceil(nowMs + retryMs) : first.expiresMs
      this.#sink(first)
    }
    return expired
  }

  #rise(life: Life): void {
    while (life.place > 0) {
      const above = this.#heap[(life.place - 1) >> 1] as Life
      if (above.dueMs <= life.dueMs) return
      this.#swap(life, above)
    }
  }

  #sink(life: Life): void {
    for (;;) {
      const left = this.#heap[life.place * 2 + 1]
      if (left === undefined) return
      const right = this.#heap[life.place * 2 + 2]
      const below = right !== undefined && right.dueMs < left.dueMs ? right : left
      if (below.dueMs >= life.dueMs) return
      this.#swap(life, below)
    }
  }

  #swap(left: Life, right: Life): void {
    const { place } = left
    this.#put(left, right.place)
    this.#put(right, place)
  }

  #put(life: Life, place: number): void {
    this.#heap[place] = life
    life.place = place
  }
}
