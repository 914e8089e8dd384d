import { TablesError } from '../errors.ts'
import type { TableKind } from '../store/schema-row.ts'
import type { TableDefinition as StoreDefinition } from '../store/table.ts'
import { type Duration, durationMs } from './duration.ts'
import type { IndexesOf, IndexSpecs, KeyOf, KeyPart, KeySpec } from './row-types.ts'

export interface IndexDefinition {
  readonly fields: readonly string[]
  readonly unique: boolean
}

declare const types: unique symbol

/** What `table`, `orderedTable`, `bag` and `counter` make: a table before it is opened. */
export interface TableDefinition<Kind extends TableKind = TableKind, Row = unknown, Key = unknown, Indexes = unknown> {
  readonly kind: Kind
  readonly key: readonly string[]
  readonly indexes: Readonly<Record<string, IndexDefinition>>
  readonly ttlMs: number | undefined
  /** For the compiler alone. */
  readonly [types]?: { readonly row: Row; readonly key: Key; readonly indexes: Indexes }
}

export interface TableOptions<Key, Indexes> {
  /** The field that names a row, or several fields. */
  readonly key: Key
  /** Fields that rows are found by. */
  readonly indexes?: Indexes
  /** How long a row lives after it was last written: milliseconds, or as `'30m'`. Default: until it is deleted. */
  readonly ttl?: Duration
}

type Defines<Kind extends TableKind, Row> = <
  const Key extends KeySpec<Row>,
  const Indexes extends IndexSpecs<Row> = [],
>(
  options: TableOptions<Key, Indexes>,
) => TableDefinition<Kind, Row, KeyOf<Row, Key>, IndexesOf<Row, Indexes>>

/**
 * A table of rows, each with a key of its own.
 *
 * `table<Row>()({ key: 'id', … })` knows the type of the key and the names of the indexes. `table<Row>({ key: 'id', … })` is
 * shorter and knows less: TypeScript infers either all type arguments or none, so there a key may be any that a row of this type could have.
 * @throws TablesError `OPTION_INVALID`
 */
export function table<Row extends object>(): Defines<'set', Row>
export function table<
  Row extends object,
  const Key extends KeySpec<Row> = KeySpec<Row>,
  const Indexes extends IndexSpecs<Row> = IndexSpecs<Row>,
>(options: TableOptions<Key, Indexes>): TableDefinition<'set', Row, KeyOf<Row, Key>, IndexesOf<Row, Indexes>>
export function table(options?: TableOptions<unknown, unknown>): unknown {
  return options === undefined ? definer('set') : define('set', options)
}

/** As {@link table}; keeps its rows in the order of their keys, so that ranges, the first and the last are found at once. */
export function orderedTable<Row extends object>(): Defines<'ordered', Row>
export function orderedTable<
  Row extends object,
  const Key extends KeySpec<Row> = KeySpec<Row>,
  const Indexes extends IndexSpecs<Row> = IndexSpecs<Row>,
>(options: TableOptions<Key, Indexes>): TableDefinition<'ordered', Row, KeyOf<Row, Key>, IndexesOf<Row, Indexes>>
export function orderedTable(options?: TableOptions<unknown, unknown>): unknown {
  return options === undefined ? definer('ordered') : define('ordered', options)
}

/** As {@link table}; any number of different rows may have the same key. Indexes cannot be unique. */
export function bag<Row extends object>(): Defines<'bag', Row>
export function bag<
  Row extends object,
  const Key extends KeySpec<Row> = KeySpec<Row>,
  const Indexes extends IndexSpecs<Row> = IndexSpecs<Row>,
>(options: TableOptions<Key, Indexes>): TableDefinition<'bag', Row, KeyOf<Row, Key>, IndexesOf<Row, Indexes>>
export function bag(options?: TableOptions<unknown, unknown>): unknown {
  return options === undefined ? definer('bag') : define('bag', options)
}

/** A row of a table of counters, as `all` and `changes` show it. */
export interface Count<Key> {
  readonly key: Key
  readonly value: number
}

/** Numbers that are counted up and down, by their keys. */
export function counter<Key extends KeyPart = string>(
  options: { readonly ttl?: Duration } = {},
): TableDefinition<'counter', Count<Key>, Key, Record<never, never>> {
  return define('counter', { key: 'key', ...options }) as never
}

/** What the store of a replica has to know of the tables before the first row comes in. */
export function storeDefinitions(
  definitions: Readonly<Record<string, TableDefinition>>,
): Record<string, StoreDefinition> {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [
      name,
      { key: definition.key, ordered: isOrdered(definition), indexes: allIndexes(definition) },
    ]),
  )
}

export function isOrdered({ kind }: TableDefinition): boolean {
  return kind === 'ordered'
}

/** The rows of one key, in a bag. */
export const BAG_INDEX = '$key'

/** A bag finds the rows of a key by an index like any other. */
export function allIndexes({ kind, key, indexes }: TableDefinition): Readonly<Record<string, IndexDefinition>> {
  return kind === 'bag' ? { ...indexes, [BAG_INDEX]: { fields: key, unique: false } } : indexes
}

function definer(kind: TableKind) {
  return (options: TableOptions<unknown, unknown>): TableDefinition => define(kind, options)
}

function define(kind: TableKind, { key, indexes = [], ttl }: TableOptions<unknown, unknown>): TableDefinition {
  const fields = fieldsOf(key, 'key')
  return {
    kind,
    key: fields,
    indexes: Object.fromEntries(indexesOf(kind, indexes)),
    ttlMs: ttl === undefined ? undefined : durationMs(ttl, 'ttl'),
  }
}

function indexesOf(kind: TableKind, indexes: unknown): [string, IndexDefinition][] {
  if (!Array.isArray(indexes)) throw invalid('indexes', indexes, 'a list of fields, or of { fields, name, unique }')
  const found = new Map<string, IndexDefinition>()
  for (const index of indexes as unknown[]) {
    const { fields, name, unique } = (typeof index === 'object' && index !== null ? index : { fields: index }) as {
      fields?: unknown
      name?: unknown
      unique?: unknown
    }
    const list = fieldsOf(fields, 'indexes')
    const called = name ?? list.join('+')
    if (typeof called !== 'string' || called === '' || called.startsWith('$') || found.has(called)) {
      throw invalid('the name of an index', called, 'a string of its own that does not begin with $')
    }
    if (unique === true && kind === 'bag') throw invalid('unique', unique, 'left out in a bag')
    found.set(called, { fields: list, unique: unique === true })
  }
  return [...found]
}

function fieldsOf(value: unknown, what: string): readonly string[] {
  const fields: unknown[] = Array.isArray(value) ? value : [value]
  const isList = fields.length > 0 && fields.every((field) => typeof field === 'string' && field !== '')
  if (!isList || new Set(fields).size < fields.length)
    throw invalid(what, value, 'the name of a field, or several names')
  return fields as string[]
}

function invalid(what: string, value: unknown, wanted: string): TablesError {
  return new TablesError('OPTION_INVALID', `${what} is ${String(value)}; it has to be ${wanted}`)
}
