import type { TableKind } from '../store/schema-row.ts'
import type { ChangesOptions, TableChange } from './changes.ts'
import type { TableDefinition } from './definition.ts'
import type { Duration } from './duration.ts'
import type { Bounds, Frozen, RangeOptions } from './row-types.ts'

export interface PutOptions {
  /** How long this row lives, instead of what its table says: milliseconds, or as `'30m'`; `'forever'` until it is deleted. */
  readonly ttl?: Duration | 'forever'
}

/** Reads of the own replica: synchronous, of rows that are committed. */
export interface TableReads<Row, Key, Indexes> {
  get(key: Key): Frozen<Row> | undefined
  has(key: Key): boolean
  /** The rows that have this value in the index, or values within the bounds: by value, then by key. */
  where<Name extends keyof Indexes>(index: Name, value: Indexes[Name] | RangeOptions<Indexes[Name]>): Frozen<Row>[]
  /** All rows, in no particular order; in an ordered table in that of their keys. */
  all(): Frozen<Row>[]
  readonly size: number
}

export interface OrderedReads<Row, Key, Indexes> extends TableReads<Row, Key, Indexes> {
  range(bounds: RangeOptions<Key>): Frozen<Row>[]
  first(bounds?: Bounds<Key>): Frozen<Row> | undefined
  last(bounds?: Bounds<Key>): Frozen<Row> | undefined
  /** The row with the least key above this one, which need not exist. */
  next(key: Key): Frozen<Row> | undefined
  /** The row with the greatest key below this one. */
  previous(key: Key): Frozen<Row> | undefined
}

export interface BagReads<Row, Key, Indexes> extends Omit<TableReads<Row, Key, Indexes>, 'get'> {
  /** All rows that have this key, in no particular order. */
  get(key: Key): Frozen<Row>[]
}

export interface CounterReads<Key> {
  /** 0 for one that was never counted. */
  get(key: Key): number
  has(key: Key): boolean
  all(): { readonly key: Key; readonly value: number }[]
  readonly size: number
}

/**
 * Each resolves when every replica of the view holds the write, and the own replica shows it. When it rejects, nothing was written,
 * except with `OUTCOME_UNKNOWN`.
 */
export interface TableWrites<Row, Key> {
  /** Writes the row, in place of one with the same key. */
  put(row: Frozen<Row>, options?: PutOptions): Promise<void>
  /** Resolves too when there is no such row. */
  delete(key: Key): Promise<void>
  /**
   * Writes what the function makes of the row, which is undefined when there is none; resolves with the row that there is now. The
   * function may be called several times. When it returns undefined, nothing is written.
   */
  update(
    key: Key,
    change: (row: Frozen<Row> | undefined) => Frozen<Row> | undefined,
    options?: PutOptions,
  ): Promise<Frozen<Row> | undefined>
  /** Resolves with undefined when the row was written, else with the row that was there. */
  putIfAbsent(row: Frozen<Row>, options?: PutOptions): Promise<Frozen<Row> | undefined>
  clear(): Promise<void>
}

export interface Changes<Row, Key> {
  /** What the table holds, and then what changes, in order and without gaps, until the loop is left. */
  changes(options?: ChangesOptions): AsyncIterableIterator<TableChange<Frozen<Row>, Key>, undefined>
}

export interface BagWrites<Row, Key> {
  /** Adds the row. An equal one is there once. */
  put(row: Frozen<Row>, options?: PutOptions): Promise<void>
  /** All rows of the key. */
  delete(key: Key): Promise<void>
  /** This row alone. */
  deleteRow(row: Frozen<Row>): Promise<void>
  clear(): Promise<void>
}

export interface CounterWrites<Key> {
  /** Adds `by`, an integer (1), and resolves with the sum. Exact, whoever else counts. */
  increment(key: Key, by?: number): Promise<number>
  set(key: Key, value: number): Promise<void>
  delete(key: Key): Promise<void>
  clear(): Promise<void>
}

/** The same within a transaction, where nothing waits: what is written there is written at its end. */
type WithinTransaction<Writes> = {
  [Name in keyof Writes]: Writes[Name] extends (...args: infer Args) => Promise<infer Result>
    ? (...args: Args) => Result
    : never
}

export type SetTable<Row, Key, Indexes> = TableReads<Row, Key, Indexes> & TableWrites<Row, Key> & Changes<Row, Key>
export type OrderedTable<Row, Key, Indexes> = OrderedReads<Row, Key, Indexes> &
  TableWrites<Row, Key> &
  Changes<Row, Key>
export type BagTable<Row, Key, Indexes> = BagReads<Row, Key, Indexes> & BagWrites<Row, Key> & Changes<Row, Key>
export type CounterTable<Key> = CounterReads<Key> &
  CounterWrites<Key> &
  Changes<{ readonly key: Key; readonly value: number }, Key>

export type Definitions = Readonly<Record<string, TableDefinition<TableKind>>>

/** An open table, of a definition. */
export type TableOf<Definition> =
  Definition extends TableDefinition<infer Kind, infer Row, infer Key, infer Indexes>
    ? {
        readonly set: SetTable<Row, Key, Indexes>
        readonly ordered: OrderedTable<Row, Key, Indexes>
        readonly bag: BagTable<Row, Key, Indexes>
        readonly counter: CounterTable<Key>
      }[Kind]
    : never

/** A table within a transaction. */
export type TransactionTableOf<Definition> =
  Definition extends TableDefinition<infer Kind, infer Row, infer Key, infer Indexes>
    ? {
        readonly set: TableReads<Row, Key, Indexes> & WithinTransaction<TableWrites<Row, Key>>
        readonly ordered: OrderedReads<Row, Key, Indexes> & WithinTransaction<TableWrites<Row, Key>>
        readonly bag: BagReads<Row, Key, Indexes> & WithinTransaction<BagWrites<Row, Key>>
        readonly counter: CounterReads<Key> & WithinTransaction<CounterWrites<Key>>
      }[Kind]
    : never
