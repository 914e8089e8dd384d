import { compareKeys, type Key, type MapKey, mapKeyOf, spelledKeyOf } from './key.ts'
import { OrderedKeys } from './ordered-keys.ts'
import { isWithin, type Range } from './read.ts'
import { RowMeter } from './row-meter.ts'
import { type IndexDefinition, TableIndex } from './table-index.ts'
import type { Row } from './write.ts'

export interface TableDefinition {
  /** Keeps the keys in their order, so that ranges need not look at every row. */
  readonly ordered?: boolean
  readonly indexes?: Readonly<Record<string, IndexDefinition>>
}

export interface KeyedRow {
  readonly key: Key
  readonly row: Row
}

export interface Held extends KeyedRow {
  /** By this member's clock. */
  readonly expiresMs: number | undefined
}

/** As measured, for each row. */
const ORDER_BYTES = 20
const INDEX_BYTES = 40
const TIMES_BYTES = 130

interface Times {
  expiresMs: number
  /** When it is looked at for this; never later than it expires. */
  dueMs: number
}

/**
 * The rows of one table. A row costs what a plain `Map` takes for it, and no object more: keys that are found under a name of their
 * own, and the times of rows that expire, are kept apart.
 */
export class Table {
  readonly #rows = new Map<MapKey, Row>()
  /** Of keys that are not their own names in a map: compound ones, mostly. */
  readonly #keys = new Map<MapKey, Key>()
  readonly #times = new Map<MapKey, Times>()
  #ordered: OrderedKeys | undefined
  readonly #indexes = new Map<string, TableIndex>()
  readonly #meter = new RowMeter()
  #bytes = 0
  #openRows = 0

  constructor(definition: TableDefinition = {}) {
    this.define(definition)
  }

  get size(): number {
    return this.#rows.size
  }

  /** An estimate of the memory that the rows take, in bytes, with what they are found by; see {@link RowMeter}. */
  get bytes(): number {
    const perRow = (this.#ordered === undefined ? 0 : ORDER_BYTES) + this.#indexes.size * INDEX_BYTES
    return this.#bytes + this.size * perRow + this.#times.size * TIMES_BYTES
  }

  /** Whether some rows hold values that cannot be frozen, and so must be copied before they are given away. */
  get hasOpenRows(): boolean {
    return this.#openRows > 0
  }

  /** Adds what the table did not have: an order, indexes. What it has stays. */
  define({ ordered, indexes }: TableDefinition): void {
    if (ordered && this.#ordered === undefined) {
      this.#ordered = new OrderedKeys()
      for (const name of this.#rows.keys()) this.#ordered.add(this.#keyOf(name))
    }
    for (const [name, definition] of Object.entries(indexes ?? {})) {
      if (this.#indexes.get(name)?.isOver(definition.fields)) continue
      const index = new TableIndex(definition)
      for (const [mapKey, row] of this.#rows) index.add(this.#keyOf(mapKey), row)
      this.#indexes.set(name, index)
    }
  }

  get(key: Key): Row | undefined {
    return this.#rows.get(mapKeyOf(key))
  }

  has(key: Key): boolean {
    return this.#rows.has(mapKeyOf(key))
  }

  /** Freezes the row, and returns the one before. `expiresMs` undefined: the row stays. */
  put(key: Key, row: Row, expiresMs?: number): Row | undefined {
    const name = mapKeyOf(key)
    const before = this.#rows.get(name)
    this.#count(name, row, 1)
    this.#rows.set(name, row)
    if (before === undefined) {
      if (spelledKeyOf(name) === undefined) this.#keys.set(name, key)
      this.#ordered?.add(key)
    } else {
      this.#count(name, before, -1)
    }
    for (const index of this.#indexes.values()) index.replace(key, before, row)
    if (expiresMs === undefined) this.#times.delete(name)
    else this.#expires(name, expiresMs)
    return before
  }

  /** Returns the row, if there was one. */
  delete(key: Key): Row | undefined {
    const name = mapKeyOf(key)
    const before = this.#rows.get(name)
    if (before === undefined) return undefined
    this.#rows.delete(name)
    this.#keys.delete(name)
    this.#times.delete(name)
    this.#count(name, before, -1)
    this.#ordered?.delete(key)
    for (const index of this.#indexes.values()) index.replace(key, before, undefined)
    return before
  }

  clear(): void {
    this.#rows.clear()
    this.#keys.clear()
    this.#times.clear()
    this.#bytes = 0
    this.#openRows = 0
    this.#ordered?.clear()
    for (const index of this.#indexes.values()) index.clear()
  }

  /** All rows, in no particular order. Rows may be written meanwhile: each that stays is met. */
  *all(): Generator<Held> {
    for (const [name, row] of this.#rows) {
      yield { key: this.#keyOf(name), row, expiresMs: this.#times.get(name)?.expiresMs }
    }
  }

  /** The rows alone, in no particular order. */
  rows(): IterableIterator<Row> {
    return this.#rows.values()
  }

  /** In order of the keys in an ordered table, else as they come. */
  *range(range: Range, isReverse = false): Generator<KeyedRow> {
    if (this.#ordered === undefined) {
      for (const [name, row] of this.#rows) {
        const key = this.#keyOf(name)
        if (isWithin(key, range)) yield { key, row }
      }
      return
    }
    for (const key of this.#ordered.range(range, isReverse)) {
      const row = this.get(key)
      if (row !== undefined) yield { key, row }
    }
  }

  get isOrdered(): boolean {
    return this.#ordered !== undefined
  }

  /** Undefined, when there is no such index. */
  index(name: string): TableIndex | undefined {
    return this.#indexes.get(name)
  }

  /** When the row is looked at for its end; undefined when it has none. */
  dueMs(key: Key): number | undefined {
    return this.#times.get(mapKeyOf(key))?.dueMs
  }

  expiresMs(key: Key): number | undefined {
    return this.#times.get(mapKeyOf(key))?.expiresMs
  }

  lookAgain(key: Key, atMs: number): void {
    const times = this.#times.get(mapKeyOf(key))
    if (times !== undefined) times.dueMs = atMs
  }

  /** One time for each row: one that is written again and again is looked at when its first time is over. */
  #expires(name: MapKey, expiresMs: number): void {
    const times = this.#times.get(name)
    if (times === undefined) this.#times.set(name, { expiresMs, dueMs: expiresMs })
    else {
      times.expiresMs = expiresMs
      times.dueMs = Math.min(times.dueMs, expiresMs)
    }
  }

  #count(name: MapKey, row: Row, sign: 1 | -1): void {
    this.#bytes += sign * this.#meter.measure(name, row)
    if (!this.#meter.isFixed) this.#openRows += sign
  }

  #keyOf(name: MapKey): Key {
    return spelledKeyOf(name) ?? (this.#keys.get(name) as Key)
  }
}

export function byKey(left: KeyedRow, right: KeyedRow): number {
  return compareKeys(left.key, right.key)
}
