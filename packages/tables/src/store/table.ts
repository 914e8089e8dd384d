import { type Key, type MapKey, mapKeyOf } from './key.ts'
import { OrderedKeys } from './ordered-keys.ts'
import { isWithin, type Range } from './read.ts'
import { type IndexDefinition, TableIndex } from './table-index.ts'
import type { Row } from './write.ts'

export interface TableDefinition {
  /** Keeps the keys in their order, so that ranges need not look at every row. */
  readonly ordered?: boolean
  readonly indexes?: Readonly<Record<string, IndexDefinition>>
}

export interface Held {
  readonly key: Key
  readonly row: Row
  /** By this member's clock. */
  readonly expiresMs: number | undefined
  /** When it is looked at for this; never later than it expires. */
  dueMs: number | undefined
}

/** The rows of one table. */
export class Table {
  readonly #rows = new Map<MapKey, Held>()
  readonly #ordered: OrderedKeys | undefined
  readonly #indexes = new Map<string, TableIndex>()

  constructor({ ordered, indexes }: TableDefinition = {}) {
    this.#ordered = ordered ? new OrderedKeys() : undefined
    for (const [name, index] of Object.entries(indexes ?? {})) this.#indexes.set(name, new TableIndex(index))
  }

  get size(): number {
    return this.#rows.size
  }

  get(key: Key): Held | undefined {
    return this.#rows.get(mapKeyOf(key))
  }

  put(held: Held): void {
    const name = mapKeyOf(held.key)
    const before = this.#rows.get(name)
    this.#rows.set(name, held)
    if (before === undefined) this.#ordered?.add(held.key)
    for (const index of this.#indexes.values()) {
      if (before !== undefined) index.delete(before.key, before.row)
      index.add(held.key, held.row)
    }
  }

  delete(key: Key): void {
    const name = mapKeyOf(key)
    const before = this.#rows.get(name)
    if (before === undefined) return
    this.#rows.delete(name)
    this.#ordered?.delete(key)
    for (const index of this.#indexes.values()) index.delete(before.key, before.row)
  }

  clear(): void {
    this.#rows.clear()
    this.#ordered?.clear()
    for (const index of this.#indexes.values()) index.clear()
  }

  /** All rows, in no particular order. Rows may be written meanwhile: each that stays is met. */
  all(): IterableIterator<Held> {
    return this.#rows.values()
  }

  /** In order of the keys in an ordered table, else as they come. */
  *range(range: Range, isReverse = false): Generator<Held> {
    if (this.#ordered === undefined) {
      for (const held of this.#rows.values()) if (isWithin(held.key, range)) yield held
      return
    }
    for (const key of this.#ordered.range(range, isReverse)) {
      const held = this.get(key)
      if (held !== undefined) yield held
    }
  }

  /** Undefined, when there is no such index. */
  index(name: string): TableIndex | undefined {
    return this.#indexes.get(name)
  }
}
