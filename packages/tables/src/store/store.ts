import type { Key } from './key.ts'
import type { Range } from './read.ts'
import { readSchema, SCHEMA_TABLE } from './schema-row.ts'
import { type Held, type KeyedRow, Table, type TableDefinition } from './table.ts'
import type { Row, Write } from './write.ts'

/** One row of a snapshot. */
export interface SnapshotRow {
  readonly table: string
  readonly key: Key
  readonly row: Row
  /** What is left of its life. */
  readonly ttlMs?: number
}

/** Told of each write as it is applied, with the row that was there before. */
export type StoreObserver = (write: Write, before: Row | undefined) => void

export interface RowName {
  readonly table: string
  readonly key: Key
}

/**
 * The rows of all tables, as far as they are applied: a function of the log, the same at every member. Only when rows expire is
 * counted by each member's clock, and that is an opinion: they go by an entry that the primary writes.
 */
export class Store {
  readonly #definitions: Readonly<Record<string, TableDefinition>>
  readonly #tables = new Map<string, Table>()
  #observer: StoreObserver | undefined

  /**
   * Tables without a definition are kept as well: another release may know them. What the rows of the table of schemas say of a
   * table is added to its definition when they are applied.
   */
  constructor(definitions: Readonly<Record<string, TableDefinition>> = {}) {
    this.#definitions = definitions
  }

  /** An estimate of the memory that all rows take. */
  get bytes(): number {
    let bytes = 0
    for (const table of this.#tables.values()) bytes += table.bytes
    return bytes
  }

  /** To read from. It is there from the first question on. */
  table(name: string): Table {
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    const table = new Table(this.#definitions[name])
    this.#tables.set(name, table)
    return table
  }

  get(table: string, key: Key): Row | undefined {
    return this.#tables.get(table)?.get(key)
  }

  size(table: string): number {
    return this.#tables.get(table)?.size ?? 0
  }

  /** In order of the keys in an ordered table, else as they come. The rows must not change while they are walked. */
  *range(table: string, range: Range, isReverse = false): Generator<KeyedRow> {
    yield* this.#tables.get(table)?.range(range, isReverse) ?? []
  }

  /** The rows whose indexed values lie in a range; undefined, when there is no such index. */
  find(table: string, index: string, range: Range): KeyedRow[] | undefined {
    const rows = this.table(table)
    const found = rows.index(index)
    if (found === undefined) return undefined
    return [...found.find(range)].map((key) => ({ key, row: rows.get(key) as Row }))
  }

  /** At most one; undefined ends it. */
  observe(observer: StoreObserver | undefined): void {
    this.#observer = observer
  }

  apply(write: Write, nowMs: number): void {
    const before = this.#apply(write, nowMs)
    this.#observer?.(write, before)
  }

  /** Takes a row of a snapshot. Returns the row before. */
  load({ table, key, row, ttlMs }: SnapshotRow, nowMs: number): Row | undefined {
    // Whole milliseconds take less memory.
    const before = this.table(table).put(key, row, ttlMs === undefined ? undefined : Math.ceil(nowMs + ttlMs))
    if (table === SCHEMA_TABLE) this.#define(row)
    return before
  }

  /**
   * All rows, for a snapshot. Writes may go on while it is taken: what they change is met before or after. What the tables are comes
   * first, so that whoever loads the rows puts each into its indexes at once.
   */
  *rows(nowMs: number): Generator<SnapshotRow> {
    for (const held of this.table(SCHEMA_TABLE).all()) yield snapshotOf(SCHEMA_TABLE, held, nowMs)
    for (const [table, rows] of this.#tables) {
      if (table === SCHEMA_TABLE) continue
      for (const held of rows.all()) yield snapshotOf(table, held, nowMs)
    }
  }

  /** Puts up to `rowsMax` rows into orders and indexes that tables were given later. Returns whether some of these are whole now. */
  fill(rowsMax: number): boolean {
    let left = rowsMax
    let isAnyWhole = false
    for (const table of this.#tables.values()) {
      if (!table.isFilling || left <= 0) continue
      left -= table.fill(left)
      isAnyWhole ||= !table.isFilling
    }
    return isAnyWhole
  }

  /**
   * Up to `rowsMax` rows whose time is over. They stay until they are deleted, and are told of again after `retryMs`: the entry that
   * deletes them may come to nothing, with its primary.
   */
  takeExpired(nowMs: number, rowsMax: number, retryMs: number): RowName[] {
    const due = [...this.#tables].filter(([, rows]) => rows.isExpiryDue(nowMs))
    // Those of one table do not hold up those of the others.
    const each = Math.max(1, Math.floor(rowsMax / due.length))
    return due.flatMap(([table, rows]) => rows.takeExpired(nowMs, each, retryMs).map((key) => ({ table, key })))
  }

  #apply(write: Write, nowMs: number): Row | undefined {
    switch (write.type) {
      case 'put':
        return this.load(write, nowMs)
      case 'delete':
        return this.table(write.table).delete(write.key)
      case 'clear':
        this.table(write.table).clear()
        return undefined
    }
  }

  #define(row: Row): void {
    const schema = readSchema(row)
    if (schema !== undefined) this.table(schema.table).define(schema)
  }
}

function snapshotOf(table: string, { key, row, expiresMs }: Held, nowMs: number): SnapshotRow {
  return expiresMs === undefined ? { table, key, row } : { table, key, row, ttlMs: Math.max(0, expiresMs - nowMs) }
}
