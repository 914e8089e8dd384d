import { compareKeys, type Key, type MapKey, mapKeyOf } from '../store/key.ts'
import { indexKeyOf, isWithin, type Range, type Read } from '../store/read.ts'
import { byKey, type KeyedRow, type Table } from '../store/table.ts'
import type { Row, Write } from '../store/write.ts'
import { noIndex, type RowSource, take } from './source.ts'

/** Beyond this many rows of one table, a transaction has read all of it. */
const ROW_READS_MAX = 10_000

export interface OverlayOwner {
  /** Throws when the transaction is over. */
  assertOpen(): void
  /** Something was written, and can be undone. Throws when it is too much. */
  written(undo: () => void): void
}

interface Written {
  readonly key: Key
  /** Undefined, when it is deleted. */
  readonly row: Row | undefined
  readonly ttlMs: number | undefined
}

/**
 * One table as a transaction sees it: what was applied when it began, and its own writes over that. What it looks at is noted, also
 * where nothing was found, but not what its own writes hide.
 */
export class Overlay implements RowSource {
  readonly name: string
  readonly #table: Table
  readonly #owner: OverlayOwner
  #written = new Map<MapKey, Written>()
  #isCleared = false
  /** Made when something is read: many transactions only write. */
  #rowsRead: Map<MapKey, Key> | undefined
  readonly #otherReads: Read[] = []
  #hasReadAll = false

  constructor(name: string, table: Table, owner: OverlayOwner) {
    this.name = name
    this.#table = table
    this.#owner = owner
  }

  get(key: Key): Row | undefined {
    this.#owner.assertOpen()
    const name = mapKeyOf(key)
    const own = this.#written.get(name)
    if (own !== undefined) return own.row
    if (this.#isCleared) return undefined
    this.#noteRow(name, key)
    return this.#table.get(key)
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined
  }

  get size(): number {
    this.#owner.assertOpen()
    if (!this.#isCleared) this.#noteAll()
    let size = this.#isCleared ? 0 : this.#table.size
    for (const { key, row } of this.#written.values()) {
      const wasThere = !this.#isCleared && this.#table.has(key)
      size += (row === undefined ? 0 : 1) - (wasThere ? 1 : 0)
    }
    return size
  }

  /** Rows that are applied, before this transaction. To ask is no read. */
  get heldRows(): number {
    return this.#isCleared ? 0 : this.#table.size
  }

  /** Whether the row is one of these. */
  isHeld(key: Key): boolean {
    return !this.#isCleared && this.#table.has(key)
  }

  get hasOpenRows(): boolean {
    return this.#table.hasOpenRows || this.#written.size > 0
  }

  range(range: Range, isReverse: boolean, limit: number): KeyedRow[] {
    this.#owner.assertOpen()
    const below = this.#isCleared ? [] : take(this.#unhidden(this.#table.range(range, isReverse)), limit)
    const own = this.#own((key) => isWithin(key, range))
    const rows = merge(below, own, this.#table.isOrdered ? byKey : undefined, isReverse, limit)
    const last = this.#table.isOrdered && rows.length === limit ? rows.at(-1)?.key : undefined
    this.#noteRange({ type: 'range', table: this.name, range: upTo(range, last, isReverse) }, limit)
    return rows
  }

  find(index: string, range: Range, isReverse: boolean, limit: number): KeyedRow[] {
    this.#owner.assertOpen()
    const found = this.#table.index(index)
    if (found === undefined) throw noIndex(this.name, index)
    const { fields } = found
    const indexed = (row: Row): Key | undefined => indexKeyOf(row, fields)
    const below = this.#isCleared ? [] : take(this.#unhidden(this.#rowsOf(found.find(range, isReverse))), limit)
    const own = this.#own((_key, row) => {
      const value = indexed(row)
      return value !== undefined && isWithin(value, range)
    })
    const order = (left: KeyedRow, right: KeyedRow): number =>
      compareKeys(indexed(left.row) as Key, indexed(right.row) as Key) || byKey(left, right)
    const rows = merge(below, own, order, isReverse, limit)
    const last = rows.length === limit ? rows.at(-1) : undefined
    const seen = upTo(range, last === undefined ? undefined : indexed(last.row), isReverse)
    this.#noteRange({ type: 'index', table: this.name, fields, range: seen }, limit)
    for (const { key } of below) this.#noteRow(mapKeyOf(key), key)
    return rows
  }

  put(key: Key, row: Row, ttlMs: number | undefined): void {
    this.#write(key, { key, row, ttlMs })
  }

  delete(key: Key): void {
    this.#write(key, this.#isCleared ? undefined : { key, row: undefined, ttlMs: undefined })
  }

  clear(): void {
    this.#owner.assertOpen()
    const [isCleared, written] = [this.#isCleared, this.#written]
    this.#owner.written(() => {
      this.#isCleared = isCleared
      this.#written = written
    })
    this.#isCleared = true
    this.#written = new Map()
  }

  /** Adds what was looked at. */
  addReads(reads: Read[]): void {
    const table = this.name
    if (this.#hasReadAll) reads.push({ type: 'range', table, range: {} })
    if (this.#rowsRead !== undefined) for (const key of this.#rowsRead.values()) reads.push({ type: 'row', table, key })
    for (const read of this.#otherReads) reads.push(read)
  }

  /** Adds what was written. */
  addWrites(writes: Write[]): void {
    const table = this.name
    if (this.#isCleared) writes.push({ type: 'clear', table })
    for (const { key, row, ttlMs } of this.#written.values()) {
      if (row === undefined) writes.push({ type: 'delete', table, key })
      else if (ttlMs === undefined) writes.push({ type: 'put', table, key, row })
      else writes.push({ type: 'put', table, key, row, ttlMs })
    }
  }

  #write(key: Key, written: Written | undefined): void {
    this.#owner.assertOpen()
    const name = mapKeyOf(key)
    const before = this.#written.get(name)
    this.#owner.written(() => this.#set(name, before))
    this.#set(name, written)
  }

  #set(name: MapKey, written: Written | undefined): void {
    if (written === undefined) this.#written.delete(name)
    else this.#written.set(name, written)
  }

  *#unhidden(rows: Iterable<KeyedRow>): Generator<KeyedRow> {
    for (const found of rows) if (!this.#written.has(mapKeyOf(found.key))) yield found
  }

  *#rowsOf(keys: Iterable<Key>): Generator<KeyedRow> {
    for (const key of keys) yield { key, row: this.#table.get(key) as Row }
  }

  #own(isFound: (key: Key, row: Row) => boolean): KeyedRow[] {
    const found: KeyedRow[] = []
    for (const { key, row } of this.#written.values()) {
      if (row !== undefined && isFound(key, row)) found.push({ key, row })
    }
    return found
  }

  #noteRow(name: MapKey, key: Key): void {
    if (this.#hasReadAll) return
    this.#rowsRead ??= new Map()
    this.#rowsRead.set(name, key)
    if (this.#rowsRead.size > ROW_READS_MAX) this.#noteAll()
  }

  #noteRange(read: Read, limit: number): void {
    if (this.#isCleared || this.#hasReadAll || limit <= 0) return
    this.#otherReads.push(read)
    if (this.#otherReads.length > ROW_READS_MAX) this.#noteAll()
  }

  #noteAll(): void {
    this.#hasReadAll = true
    this.#rowsRead = undefined
    this.#otherReads.length = 0
  }
}

function merge(
  below: KeyedRow[],
  own: readonly KeyedRow[],
  order: ((left: KeyedRow, right: KeyedRow) => number) | undefined,
  isReverse: boolean,
  limit: number,
): KeyedRow[] {
  if (own.length === 0) return below
  const all = [...below, ...own]
  if (order !== undefined) all.sort(isReverse ? (left, right) => order(right, left) : order)
  return take(all, limit)
}

/** What lies beyond the last row that was asked for was not looked at. */
function upTo(range: Range, last: Key | undefined, isReverse: boolean): Range {
  if (last === undefined) return range
  const end = { key: last, inclusive: true }
  return isReverse ? { ...range, from: end } : { ...range, to: end }
}
