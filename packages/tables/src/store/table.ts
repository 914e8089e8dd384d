import { Backfill } from './backfill.ts'
import { Expiries } from './expiries.ts'
import { IndexScan } from './index-scan.ts'
import { compareKeys, type Key, type MapKey, mapKeyOf, spelledKeyOf } from './key.ts'
import { OrderedKeys } from './ordered-keys.ts'
import { isWithin, type Range } from './read.ts'
import { RowKey } from './row-key.ts'
import { RowMeter } from './row-meter.ts'
import { type IndexDefinition, type RowIndex, TableIndex } from './table-index.ts'
import type { Row } from './write.ts'

export interface TableDefinition {
  /** The fields that hold the key of a row, in most tables. */
  readonly key?: readonly string[]
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
const LIFE_BYTES = 100

/** So many rows are put into a new order or index at once; of larger tables, a part at a time. */
const FILLED_AT_ONCE_MAX = 5000

/**
 * The rows of one table. A row costs what a plain `Map` takes for it, and no object more: keys that are found under a name of their
 * own and are not in their rows, and the times of rows that expire, are kept apart.
 */
export class Table {
  readonly #rows = new Map<MapKey, Row>()
  #rowKey: RowKey | undefined
  /** Of keys that are not their own names in a map, and not in their rows. */
  readonly #keys = new Map<MapKey, Key>()
  readonly #expiries = new Expiries()
  #ordered: OrderedKeys | undefined
  readonly #indexes = new Map<string, TableIndex>()
  /** Of the order and the indexes that do not have all rows yet. */
  readonly #backfills = new Map<OrderedKeys | TableIndex, Backfill>()
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
    return this.#bytes + this.size * this.#bytesPerRow + this.#expiries.size * LIFE_BYTES
  }

  /** What a row would add to {@link bytes}. Freezes it. */
  bytesOf(key: Key, row: Row, expires: boolean): number {
    return this.#meter.measure(mapKeyOf(key), row) + this.#bytesPerRow + (expires ? LIFE_BYTES : 0)
  }

  /** What the row that is held adds to {@link bytes}; 0 when there is none. */
  bytesAt(key: Key): number {
    const name = mapKeyOf(key)
    const row = this.#rows.get(name)
    return row === undefined ? 0 : this.bytesOf(key, row, this.#expiries.expiresMs(name) !== undefined)
  }

  get #bytesPerRow(): number {
    return (this.#ordered === undefined ? 0 : ORDER_BYTES) + this.#indexes.size * INDEX_BYTES
  }

  /** Whether some rows hold values that cannot be frozen, and so must be copied before they are given away. */
  get hasOpenRows(): boolean {
    return this.#openRows > 0
  }

  /** Adds what the table did not have: an order, indexes. What it has stays. Where it has many rows, {@link fill} does the work. */
  define({ key: keyFields, ordered, indexes }: TableDefinition): void {
    if (keyFields !== undefined) this.#rowKey ??= new RowKey(keyFields)
    if (ordered && this.#ordered === undefined) {
      const order = new OrderedKeys()
      this.#ordered = order
      this.#beginToFill(order, (key) => order.add(key))
    }
    for (const [name, definition] of Object.entries(indexes ?? {})) {
      const known = this.#indexes.get(name)
      if (known?.isOver(definition.fields)) continue
      if (known !== undefined) this.#backfills.delete(known)
      const index = new TableIndex(definition)
      this.#indexes.set(name, index)
      this.#beginToFill(index, (key, row) => index.add(key, row))
    }
  }

  /** Whether an order or an index does not have all rows yet: what is read by it is read slowly. */
  get isFilling(): boolean {
    return this.#backfills.size > 0
  }

  /** Puts up to `rowsMax` rows where they are missing; returns how many. */
  fill(rowsMax: number): number {
    let rows = 0
    for (const [filled, backfill] of this.#backfills) {
      rows += backfill.step(rowsMax - rows)
      if (!backfill.isDone) break
      this.#backfills.delete(filled)
    }
    return rows
  }

  get(key: Key): Row | undefined {
    return this.#rows.get(mapKeyOf(key))
  }

  has(key: Key): boolean {
    return this.#rows.has(mapKeyOf(key))
  }

  /** Freezes the row, and returns the one before. `expiresMs` undefined: the row stays. */
  put(key: Key, row: Row, expiresMs?: number): Row | undefined {
    const before = this.#rows.get(mapKeyOf(key))
    if (before !== undefined) this.#rowKey?.share(row, before)
    const inRow = this.#rowKey?.in(row, key)
    const kept = inRow ?? key
    const name = mapKeyOf(kept)
    this.#count(name, row, 1)
    this.#rows.set(name, row)
    if (spelledKeyOf(name) === undefined) {
      if (inRow === undefined) this.#keys.set(name, key)
      else this.#keys.delete(name)
    }
    if (before === undefined) this.#ordered?.add(kept)
    else this.#count(name, before, -1)
    for (const index of this.#indexes.values()) index.replace(kept, before, row)
    if (expiresMs === undefined) this.#expiries.delete(name)
    else this.#expiries.set(name, kept, expiresMs)
    return before
  }

  /** Returns the row, if there was one. */
  delete(key: Key): Row | undefined {
    const name = mapKeyOf(key)
    const before = this.#rows.get(name)
    if (before === undefined) return undefined
    this.#rows.delete(name)
    this.#keys.delete(name)
    this.#expiries.delete(name)
    this.#count(name, before, -1)
    this.#ordered?.delete(key)
    for (const index of this.#indexes.values()) index.replace(key, before, undefined)
    return before
  }

  clear(): void {
    this.#rows.clear()
    this.#keys.clear()
    this.#expiries.clear()
    this.#backfills.clear()
    this.#bytes = 0
    this.#openRows = 0
    this.#ordered?.clear()
    for (const index of this.#indexes.values()) index.clear()
  }

  /** All rows, in no particular order. Rows may be written meanwhile: each that stays is met. */
  *all(): Generator<Held> {
    for (const [name, row] of this.#rows) {
      yield { key: this.#keyOf(name, row), row, expiresMs: this.#expiries.expiresMs(name) }
    }
  }

  /** The rows alone, in no particular order. */
  rows(): IterableIterator<Row> {
    return this.#rows.values()
  }

  /** In order of the keys in an ordered table, else as they come. */
  *range(range: Range, isReverse = false): Generator<KeyedRow> {
    if (this.#ordered === undefined) {
      yield* this.#scan(range)
      return
    }
    if (this.#backfills.has(this.#ordered)) {
      const rows = [...this.#scan(range)].sort(byKey)
      yield* isReverse ? rows.reverse() : rows
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
  index(name: string): RowIndex | undefined {
    const index = this.#indexes.get(name)
    if (index === undefined || !this.#backfills.has(index)) return index
    return new IndexScan(index.fields, () => this.#scan({}))
  }

  isExpiryDue(nowMs: number): boolean {
    return this.#expiries.isDue(nowMs)
  }

  /** See {@link Store.takeExpired}. */
  takeExpired(nowMs: number, rowsMax: number, retryMs: number): Key[] {
    return this.#expiries.take(nowMs, rowsMax, retryMs)
  }

  #beginToFill(filled: OrderedKeys | TableIndex, add: (key: Key, row: Row) => void): void {
    const backfill = new Backfill({ rows: this.#rows, keyOf: (name, row) => this.#keyOf(name, row), add })
    if (this.size <= FILLED_AT_ONCE_MAX) backfill.step(this.size)
    else this.#backfills.set(filled, backfill)
  }

  *#scan(range: Range): Generator<KeyedRow> {
    for (const [name, row] of this.#rows) {
      const key = this.#keyOf(name, row)
      if (isWithin(key, range)) yield { key, row }
    }
  }

  #count(name: MapKey, row: Row, sign: 1 | -1): void {
    this.#bytes += sign * this.#meter.measure(name, row)
    if (!this.#meter.isFixed) this.#openRows += sign
  }

  #keyOf(name: MapKey, row: Row): Key {
    return spelledKeyOf(name) ?? this.#keys.get(name) ?? (this.#rowKey as RowKey).of(row)
  }
}

export function byKey(left: KeyedRow, right: KeyedRow): number {
  return compareKeys(left.key, right.key)
}
