import type { Engine } from '../engine.ts'
import { TablesError } from '../errors.ts'
import { type Entry, writesOf } from '../replica/entry.ts'
import type { Key } from '../store/key.ts'
import type { Store } from '../store/store.ts'
import type { Row, Write } from '../store/write.ts'
import { ChangeReader } from './change-reader.ts'
import type { TableDefinition } from './definition.ts'
import { given } from './reads.ts'
import type { Definitions } from './table.ts'

export interface ChangesOptions {
  /** Ends the loop. */
  readonly signal?: AbortSignal
  /** Changes that wait for a slow reader; beyond that it gets a snapshot instead. Default 10,000. */
  readonly changesMax?: number
}

/**
 * Why there is a snapshot: the loop began; this process was away so long that its replica was replaced (what changed meanwhile is not
 * told one by one); the cluster lost all it had and began anew; or the reader was too slow.
 */
export type SnapshotReason = 'start' | 'rejoined' | 'reset' | 'overflow'

export type RowChange<Row, Key> =
  | { readonly type: 'put'; readonly key: Key; readonly row: Row; readonly before: Row | undefined }
  | { readonly type: 'delete'; readonly key: Key; readonly before: Row }
  /** Its time was over. */
  | { readonly type: 'expire'; readonly key: Key; readonly before: Row }
  | { readonly type: 'clear' }

export type TableChange<Row, Key> =
  | { readonly type: 'snapshot'; readonly reason: SnapshotReason; readonly rows: readonly Row[] }
  | RowChange<Row, Key>

/** Of all tables together: what one transaction changed comes as one. */
export type TablesChange =
  | {
      readonly type: 'snapshot'
      readonly reason: SnapshotReason
      readonly tables: Readonly<Record<string, readonly unknown[]>>
    }
  | { readonly type: 'commit'; readonly changes: readonly (RowChange<unknown, unknown> & { readonly table: string })[] }

/** Of one table, within a commit. */
export interface NamedChange {
  readonly table: string
  readonly change: RowChange<unknown, unknown>
}

interface Observed {
  readonly write: Write
  readonly before: Row | undefined
}

/** Tells those who follow the tables what is committed, with the rows that were there before. Costs nothing while nobody does. */
export class Feed {
  readonly #engine: Engine
  readonly #definitions: Definitions
  readonly #readers = new Set<ChangeReader>()
  #store: Store | undefined
  #identity: string | undefined
  /** Writes that were applied, whose entries are not told of yet. */
  #observed: Observed[] = []
  /** Entries up to here were applied before somebody looked. */
  #observedFrom = 0

  constructor(engine: Engine, definitions: Definitions) {
    this.#engine = engine
    this.#definitions = definitions
    this.#identity = engine.copy?.identity
  }

  ofTable(name: string, options: ChangesOptions): AsyncIterableIterator<TableChange<unknown, unknown>, undefined> {
    return this.#open<TableChange<unknown, unknown>>(options, {
      snapshot: (reason) => ({ type: 'snapshot', reason, rows: this.#rowsOf(name) }),
      pick: (changes) => changes.flatMap(({ table, change }) => (table === name ? change : [])),
    })
  }

  ofAll(options: ChangesOptions): AsyncIterableIterator<TablesChange, undefined> {
    return this.#open<TablesChange>(options, {
      snapshot: (reason) => {
        const names = Object.keys(this.#definitions)
        return { type: 'snapshot', reason, tables: Object.fromEntries(names.map((name) => [name, this.#rowsOf(name)])) }
      },
      pick: (changes) => [{ type: 'commit', changes: changes.map(({ table, change }) => ({ table, ...change })) }],
    })
  }

  applied(entries: readonly Entry[]): void {
    if (this.#readers.size === 0) return
    for (const entry of entries) {
      if (entry.index <= this.#observedFrom) continue
      const changes = this.#observed.splice(0, writesOf(entry).length).flatMap((one) => this.#changeOf(entry, one))
      if (changes.length > 0) for (const reader of this.#readers) reader.push(entry.index, changes)
    }
  }

  restored(identity: string): void {
    const reason = identity === this.#identity ? 'rejoined' : 'reset'
    this.#identity = identity
    if (this.#readers.size === 0) return
    this.#observe()
    for (const reader of this.#readers) reader.restart(reason)
  }

  close(): void {
    const error = new TablesError('TABLES_STOPPED', 'the tables were stopped; nothing more is told of their changes')
    for (const reader of this.#readers) reader.fail(error)
  }

  #open<Item>(
    { signal, changesMax = 10_000 }: ChangesOptions,
    view: {
      readonly snapshot: (reason: SnapshotReason) => Item
      readonly pick: (changes: readonly NamedChange[]) => readonly Item[]
    },
  ): AsyncIterableIterator<Item, undefined> {
    if (!(changesMax >= 1)) {
      throw new TablesError('OPTION_INVALID', `changesMax is ${changesMax}; it has to be a number of changes above 0`)
    }
    const reader: ChangeReader<Item> = new ChangeReader({
      ...view,
      applied: () => this.#engine.copy?.applied,
      changesMax,
      onEnd: () => {
        signal?.removeEventListener('abort', end)
        this.#end(reader as ChangeReader)
      },
    })
    const end = (): void => reader.end()
    if (this.#readers.size === 0) this.#observe()
    this.#readers.add(reader as ChangeReader)
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end)
    return reader
  }

  #end(reader: ChangeReader): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0) return
    this.#store?.observe(undefined)
    this.#store = undefined
    this.#observed = []
  }

  #observe(): void {
    const { copy } = this.#engine
    this.#store?.observe(undefined)
    this.#observed = []
    this.#store = copy?.store
    this.#observedFrom = copy?.applied ?? 0
    this.#store?.observe((write, before) => this.#observed.push({ write, before }))
  }

  #rowsOf(name: string): Row[] {
    const table = this.#engine.copy?.store.table(name)
    if (table === undefined) return []
    const rows = table.isOrdered ? Array.from(table.range({}), ({ row }) => row) : [...table.rows()]
    return table.hasOpenRows ? rows.map(given) : rows
  }

  #changeOf({ body }: Entry, { write, before }: Observed): NamedChange | [] {
    const { table } = write
    const definition = this.#definitions[table]
    if (definition === undefined) return []
    if (write.type === 'clear') return { table, change: { type: 'clear' } }
    const key = keyOf(definition, write.key)
    const old = before === undefined ? undefined : given(before)
    if (write.type === 'put') return { table, change: { type: 'put', key, row: given(write.row), before: old } }
    // What was not there did not change.
    if (old === undefined) return []
    return { table, change: { type: body.type === 'expiry' ? 'expire' : 'delete', key, before: old } }
  }
}

/** A copy, since nobody may change the one that is kept. In a bag, rows are kept under their key and what tells them apart. */
function keyOf({ kind }: TableDefinition, kept: Key): Key {
  const key = kind === 'bag' ? (kept as readonly Key[])[0] : kept
  return Array.isArray(key) ? [...key] : (key as Key)
}
