import type { Engine, EngineListener, EngineStatus } from '../engine.ts'
import { TablesError } from '../errors.ts'
import { SchemaKeeper, type WaitingIndex } from '../schema/schema-keeper.ts'
import { readSchema, SCHEMA_TABLE, type TableSchema } from '../store/schema-row.ts'
import type { Row } from '../store/write.ts'
import { type ChangesOptions, Feed, type TablesChange } from './changes.ts'
import type { TableDefinition } from './definition.ts'
import { handle } from './handles.ts'
import { Keys } from './keys.ts'
import { limitDefaults, type TableLimits } from './limits.ts'
import { errorOf } from './outcome-error.ts'
import type { Scope } from './scope.ts'
import type { Definitions, TableOf, TransactionTableOf } from './table.ts'
import { type TransactionTable, transactionTable } from './transaction-tables.ts'
import { type TransactionOptions, Transactions } from './transactions.ts'

/** What the function of a transaction is given: the tables, as they are within it. */
export type Transaction<Defined extends Definitions> = {
  readonly [Name in keyof Defined]: TransactionTableOf<Defined[Name]>
}

export interface TablesStatus extends EngineStatus {
  /** An estimate of the memory that all rows take. */
  readonly bytes: number
  /** How many rows each table has. */
  readonly rows: Readonly<Record<string, number>>
  /** Unique indexes that are not enforced yet, and why. */
  readonly waiting: readonly WaitingIndex[]
}

/** What there is besides the tables. */
export interface TablesControl<Defined extends Definitions> {
  /**
   * Runs a function over one state of all tables, and writes what it wrote, all of it or nothing: strictly serializable. The function
   * must be synchronous, and may be called several times. What it throws comes out as it is, and nothing is written. One that writes
   * nothing resolves, or rejects, when it is sure that what it read was still so.
   * @throws TablesError `CONFLICT` after `attemptsMax` attempts, `TRANSACTION_INVALID`, `CUT_OFF`, `NOT_A_MEMBER`, `MEMORY_FULL`,
   * `TOO_MANY_PENDING`, `OUTCOME_UNKNOWN`
   */
  transaction<Result>(
    work: (transaction: Transaction<Defined>) => Result,
    options?: TransactionOptions,
  ): Promise<Result>
  /** Resolves when the own replica shows all that was committed before the call, anywhere. */
  sync(): Promise<void>
  /** What all tables hold, and then what changes, transaction by transaction. */
  changes(options?: ChangesOptions): AsyncIterableIterator<TablesChange, undefined>
  readonly status: TablesStatus
}

export type Tables<Defined extends Definitions> = TablesControl<Defined> & {
  readonly [Name in keyof Defined]: TableOf<Defined[Name]>
}

export interface CreatedTables<Defined extends Definitions> {
  readonly tables: Tables<Defined>
  readonly status: () => TablesStatus
  /** Ends all loops over changes, with `TABLES_STOPPED`. */
  readonly close: () => void
}

/** No table has one of these names: they belong to what holds the tables. */
const reservedNames: readonly string[] = [
  'transaction',
  'sync',
  'changes',
  'status',
  'metrics',
  'name',
  'node',
  'on',
  'once',
  'off',
  'emit',
  'leave',
  'stop',
  'reset',
  'then',
  'constructor',
]

/**
 * The typed tables over an engine that holds a copy already. Resolves when the cluster knows them.
 * @throws TablesError `OPTION_INVALID`, `SCHEMA_INCOMPATIBLE`, or what a transaction may fail with
 */
export async function createTables<const Defined extends Definitions>(
  engine: Engine,
  definitions: Defined,
  options: Partial<TableLimits> = {},
): Promise<CreatedTables<Defined>> {
  check(definitions)
  const { tables, status, close } = await OpenTables.open(engine, definitions, limitsOf(options))
  return { tables: tables as unknown as Tables<Defined>, status, close }
}

/** The tables are its own properties, so all that they could hide has a reserved name. */
class OpenTables {
  readonly #engine: Engine
  readonly #definitions: Definitions
  readonly #limits: TableLimits
  readonly #transactions: Transactions
  readonly #schemas: SchemaKeeper
  readonly #schemasRead = new Map<string, { readonly row: Row | undefined; readonly schema: TableSchema | undefined }>()
  readonly #keys = new Map<string, Keys>()
  readonly #feed: Feed
  readonly #unsubscribe: () => void

  static async open(engine: Engine, definitions: Definitions, limits: TableLimits) {
    const tables = new OpenTables(engine, definitions, limits)
    const close = (): void => {
      tables.#unsubscribe()
      tables.#feed.close()
    }
    try {
      await tables.#schemas.declare()
    } catch (error) {
      close()
      throw error
    }
    return { tables, status: () => tables.#figures(), close }
  }

  private constructor(engine: Engine, definitions: Definitions, limits: TableLimits) {
    this.#engine = engine
    this.#definitions = definitions
    this.#limits = limits
    this.#transactions = new Transactions({ engine, limits, prepare: (copy) => this.#schemas.ensure(copy) })
    this.#schemas = new SchemaKeeper({ engine, limits, definitions })
    this.#feed = new Feed(engine, definitions)
    this.#unsubscribe = engine.subscribe(this.#listener())
    for (const [name, definition] of Object.entries(definitions)) {
      const keys = new Keys(name, definition)
      this.#keys.set(name, keys)
      const value = handle({
        keys,
        engine,
        name,
        definition,
        transact: (work) => this.#transactions.run((scope) => work(this.#within(scope, name))),
        write: (work) => this.#transactions.runBlind((scope) => work(this.#within(scope, name))),
        assertOutside: (what) => this.#transactions.assertOutside(what, name),
        changes: (changesOptions) => this.#feed.ofTable(name, changesOptions),
      })
      Object.defineProperty(this, name, { value, enumerable: true })
    }
  }

  transaction(work: (transaction: unknown) => unknown, options: TransactionOptions = {}): Promise<unknown> {
    this.#transactions.assertOutside('transaction')
    return this.#transactions.run((scope) => work(this.#transaction(scope)), options)
  }

  async sync(): Promise<void> {
    const outcome = await this.#engine.sync()
    if (outcome.type !== 'synced') throw errorOf(outcome)
  }

  changes(options: ChangesOptions = {}): AsyncIterableIterator<TablesChange, undefined> {
    return this.#feed.ofAll(options)
  }

  get status(): TablesStatus {
    return this.#figures()
  }

  /** Whoever holds the tables may put a status of its own in the place of theirs. */
  #figures(): TablesStatus {
    const { role, cutOff, view } = this.#engine.status
    const store = this.#engine.copy?.store
    const rows = Object.keys(this.#definitions).map((name) => [name, store?.size(name) ?? 0] as const)
    const waiting = this.#schemas.waiting()
    return { role, cutOff, view, bytes: store?.bytes ?? 0, rows: Object.fromEntries(rows), waiting }
  }

  /** Made as they are asked for: most transactions use a few tables of many. */
  #transaction(scope: Scope): unknown {
    const made = new Map<string, TransactionTable>()
    const transaction: Record<string, unknown> = {}
    for (const name of Object.keys(this.#definitions)) {
      const get = (): TransactionTable => {
        const table = made.get(name) ?? this.#within(scope, name)
        made.set(name, table)
        return table
      }
      Object.defineProperty(transaction, name, { get, enumerable: true })
    }
    return transaction
  }

  #within(scope: Scope, name: string): TransactionTable {
    const definition = this.#definitions[name] as TableDefinition
    const schema = this.#schemaOf(scope.copy.store.get(SCHEMA_TABLE, name), name)
    const keys = this.#keys.get(name) as Keys
    return transactionTable({ name, definition, keys, overlay: scope.table(name), schema, limits: this.#limits })
  }

  /** Read once for each row: every write asks for it. */
  #schemaOf(row: Row | undefined, name: string): TableSchema | undefined {
    const read = this.#schemasRead.get(name)
    if (read !== undefined && read.row === row) return read.schema
    const schema = readSchema(row)
    this.#schemasRead.set(name, { row, schema })
    return schema
  }

  #listener(): EngineListener {
    return {
      applied: (entries) => {
        this.#feed.applied(entries)
        this.#schemas.applied(entries)
      },
      restored: (identity) => {
        this.#feed.restored(identity)
        this.#schemas.consider()
      },
      statusChanged: () => this.#schemas.consider(),
    }
  }
}

function check(definitions: Definitions): void {
  for (const [name, definition] of Object.entries(definitions)) {
    if (name === '' || name.startsWith('$') || reservedNames.includes(name)) {
      const message = `a table cannot be called ${JSON.stringify(name)}; the name is empty, begins with $, or is one of ${reservedNames.join(', ')}`
      throw new TablesError('OPTION_INVALID', message)
    }
    if (!isDefinition(definition)) {
      const message = `table ${name} is not defined by table(), orderedTable(), bag() or counter()`
      throw new TablesError('OPTION_INVALID', message)
    }
  }
}

function isDefinition(definition: unknown): definition is TableDefinition {
  const { kind, key } = (definition ?? {}) as { readonly kind?: unknown; readonly key?: unknown }
  return ['set', 'ordered', 'bag', 'counter'].includes(kind as string) && Array.isArray(key)
}

function limitsOf(options: Partial<TableLimits>): TableLimits {
  // An option that is undefined must not hide a default.
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    if (!((value as number) > 0)) throw new TablesError('OPTION_INVALID', `${name} is ${value}; it has to be above 0`)
  }
  const limits = { ...limitDefaults, ...Object.fromEntries(given) }
  if (limits.rowsMax > limitDefaults.rowsMax) {
    throw new TablesError(
      'OPTION_INVALID',
      `rowsMax is ${limits.rowsMax}; it has to be ${limitDefaults.rowsMax} at most`,
    )
  }
  return limits
}
