import { Expiries } from './expiries.ts'
import type { Key } from './key.ts'
import type { Range } from './read.ts'
import { type Held, Table, type TableDefinition } from './table.ts'
import type { Row, Write } from './write.ts'

/** One row of a snapshot. */
export interface SnapshotRow {
  readonly table: string
  readonly key: Key
  readonly row: Row
  /** What is left of its life. */
  readonly ttlMs?: number
}

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
  readonly #expiries = new Expiries<RowName>()

  /** Tables without a definition are kept as well: another release may know them. */
  constructor(definitions: Readonly<Record<string, TableDefinition>> = {}) {
    this.#definitions = definitions
  }

  get(table: string, key: Key): Row | undefined {
    return this.#tables.get(table)?.get(key)?.row
  }

  size(table: string): number {
    return this.#tables.get(table)?.size ?? 0
  }

  /** In order of the keys in an ordered table, else as they come. The rows must not change while they are walked. */
  *range(table: string, range: Range, isReverse = false): Generator<{ readonly key: Key; readonly row: Row }> {
    yield* this.#tables.get(table)?.range(range, isReverse) ?? []
  }

  /** The rows whose indexed values lie in a range; undefined, when there is no such index. */
  find(table: string, index: string, range: Range): { readonly key: Key; readonly row: Row }[] | undefined {
    const rows = this.#table(table)
    const found = rows.index(index)
    if (found === undefined) return undefined
    return [...found.find(range)].flatMap((key) => rows.get(key) ?? [])
  }

  apply(write: Write, nowMs: number): void {
    switch (write.type) {
      case 'put':
        this.load(write, nowMs)
        return
      case 'delete':
        this.#table(write.table).delete(write.key)
        return
      case 'clear':
        this.#table(write.table).clear()
        return
    }
  }

  /** Takes a row of a snapshot. */
  load({ table, key, row, ttlMs }: SnapshotRow, nowMs: number): void {
    const expiresMs = ttlMs === undefined ? undefined : nowMs + ttlMs
    const rows = this.#table(table)
    const held: Held = { key, row, expiresMs, dueMs: undefined }
    const dueMs = rows.get(key)?.dueMs
    rows.put(held)
    if (expiresMs === undefined) return
    // One time for each row in the heap: a row that is written again and again is looked at when its first time is over.
    if (dueMs !== undefined && dueMs <= expiresMs) held.dueMs = dueMs
    else this.#lookAgain({ table, key }, held, expiresMs)
  }

  /** All rows, for a snapshot. Writes may go on while it is taken: what they change is met before or after. */
  *rows(nowMs: number): Generator<SnapshotRow> {
    for (const [table, rows] of this.#tables) {
      for (const held of rows.all()) yield snapshotOf(table, held, nowMs)
    }
  }

  /**
   * Up to `rowsMax` rows whose time is over. They stay until they are deleted, and are told of again after `retryMs`: the entry that
   * deletes them may come to nothing, with its primary.
   */
  takeExpired(nowMs: number, rowsMax: number, retryMs: number): RowName[] {
    const expired: RowName[] = []
    while (expired.length < rowsMax) {
      const due = this.#expiries.takeDue(nowMs)
      if (due === undefined) break
      const held = this.#tables.get(due.what.table)?.get(due.what.key)
      // Deleted since, and perhaps there again with a time of its own.
      if (held?.expiresMs === undefined || held.dueMs !== due.atMs) continue
      if (held.expiresMs > nowMs) {
        this.#lookAgain(due.what, held, held.expiresMs)
        continue
      }
      expired.push(due.what)
      this.#lookAgain(due.what, held, nowMs + retryMs)
    }
    return expired
  }

  #lookAgain(name: RowName, held: Held, atMs: number): void {
    held.dueMs = atMs
    this.#expiries.add(atMs, name)
  }

  #table(name: string): Table {
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    const table = new Table(this.#definitions[name])
    this.#tables.set(name, table)
    return table
  }
}

function snapshotOf(table: string, { key, row, expiresMs }: Held, nowMs: number): SnapshotRow {
  return expiresMs === undefined ? { table, key, row } : { table, key, row, ttlMs: Math.max(0, expiresMs - nowMs) }
}
