import type { Engine } from '../engine.ts'
import { TablesError } from '../errors.ts'
import type { Key } from '../store/key.ts'
import type { Range } from '../store/read.ts'
import type { Store } from '../store/store.ts'
import type { KeyedRow, Table } from '../store/table.ts'
import type { Row } from '../store/write.ts'

/** Where rows of one table are read from: the own replica, or a transaction. Rows are as they are kept. */
export interface RowSource {
  get(key: Key): Row | undefined
  has(key: Key): boolean
  /** At most `limit` rows; in the order of their keys, if the table has one. */
  range(range: Range, isReverse: boolean, limit: number): KeyedRow[]
  /** By value, then by key. */
  find(index: string, range: Range, isReverse: boolean, limit: number): KeyedRow[]
  readonly size: number
  /** Whether some rows must be copied before they are given away. */
  readonly hasOpenRows: boolean
}

/** What is applied at this process, of one table. */
export class ReplicaSource implements RowSource {
  readonly #engine: Engine
  readonly #name: string
  #store: Store | undefined
  #table: Table | undefined

  constructor(engine: Engine, name: string) {
    this.#engine = engine
    this.#name = name
  }

  /** The replica's copy is another one after a snapshot. */
  get table(): Table {
    const store = this.#engine.copy?.store
    if (store !== undefined && store === this.#store) return this.#table as Table
    if (store === undefined) throw holdsNothing()
    this.#store = store
    this.#table = store.table(this.#name)
    return this.#table
  }

  get(key: Key): Row | undefined {
    return this.table.get(key)
  }

  has(key: Key): boolean {
    return this.table.has(key)
  }

  range(range: Range, isReverse: boolean, limit: number): KeyedRow[] {
    return take(this.table.range(range, isReverse), limit)
  }

  find(index: string, range: Range, isReverse: boolean, limit: number): KeyedRow[] {
    const { table } = this
    const found = table.index(index)
    if (found === undefined) throw noIndex(this.#name, index)
    return take(found.find(range, isReverse), limit).map((key) => ({ key, row: table.get(key) as Row }))
  }

  get size(): number {
    return this.table.size
  }

  get hasOpenRows(): boolean {
    return this.table.hasOpenRows
  }
}

export function noIndex(table: string, index: string): TablesError {
  return new TablesError(
    'OPTION_INVALID',
    `table ${table} has no index ${index}; it is to be named where the table is defined`,
  )
}

export function take<T>(values: Iterable<T>, limit: number): T[] {
  if (limit === Number.POSITIVE_INFINITY) return [...values]
  const taken: T[] = []
  if (limit <= 0) return taken
  for (const value of values) {
    taken.push(value)
    if (taken.length >= limit) break
  }
  return taken
}

function holdsNothing(): TablesError {
  return new TablesError('NOT_A_MEMBER', 'this process holds no copy of the tables yet; wait until it has joined')
}
