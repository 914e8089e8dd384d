import { isDeepStrictEqual } from 'node:util'
import type { TableLimits } from '../api/limits.ts'
import type { Scope } from '../api/scope.ts'
import type { Definitions } from '../api/table.ts'
import { Transactions } from '../api/transactions.ts'
import type { Engine, EngineCopy } from '../engine.ts'
import { TablesError } from '../errors.ts'
import { type Entry, writesOf } from '../replica/entry.ts'
import { type IndexSchema, readSchema, SCHEMA_TABLE, schemaRow, type TableSchema } from '../store/schema-row.ts'
import type { Store } from '../store/store.ts'
import { enforced, isKnownByAll, openingOf, waitingAgain } from './opening.ts'

/** A unique index that is not enforced, and why. */
export interface WaitingIndex {
  readonly table: string
  readonly index: string
  readonly reason: string
}

interface SchemaIndex {
  readonly schema: TableSchema
  readonly index: string
}

export interface SchemaKeeperInit {
  readonly engine: Engine
  readonly limits: TableLimits
  readonly definitions: Definitions
}

/** Tells the cluster what the tables of this process are, and puts unique indexes into force once all members know them. */
export class SchemaKeeper {
  readonly #init: SchemaKeeperInit
  readonly #transactions: Transactions
  /** In which the tables of this process are declared. */
  #declaredIn: Store | undefined
  #declaring: Promise<void> | undefined
  #enforcing: Promise<void> | undefined
  #isWaiting = false

  constructor(init: SchemaKeeperInit) {
    this.#init = init
    // Its own: those of the tables wait for what is declared here.
    this.#transactions = new Transactions({ ...init, prepare: () => undefined })
  }

  /** Undefined when there is nothing to wait for, which is nearly always: another copy may be that of another cluster. */
  ensure({ store }: EngineCopy): Promise<void> | undefined {
    return store === this.#declaredIn ? undefined : this.declare()
  }

  /** @throws TablesError `SCHEMA_INCOMPATIBLE`, or what a transaction may fail with */
  declare(): Promise<void> {
    this.#declaring ??= this.#declare().finally(() => {
      this.#declaring = undefined
    })
    return this.#declaring
  }

  /** Unique indexes of this process that are not enforced yet. */
  waiting(): WaitingIndex[] {
    const store = this.#init.engine.copy?.store
    if (store === undefined) return []
    return this.#unenforced(store).map(({ schema: { table }, index }) => ({
      table,
      index,
      reason: this.#reasonOf(store, table, index),
    }))
  }

  /** An index that waits may wait for rows as well: no two of them may have one value. */
  applied(entries: readonly Entry[]): void {
    const isSchema = entries.some((entry) => writesOf(entry).some(({ table }) => table === SCHEMA_TABLE))
    if (isSchema || this.#isWaiting) this.consider()
  }

  /** The view or the schema changed: perhaps an index can be enforced now. One member does it; it is the same whoever does. */
  consider(): void {
    const { engine } = this.#init
    if (engine.copy === undefined || engine.status.role !== 'primary' || this.#enforcing !== undefined) return
    const { store } = engine.copy
    this.#isWaiting = this.#unenforced(store).length > 0
    if (this.#ready(store).length === 0 && this.#broken(store).length === 0) return
    this.#enforcing = this.#enforce().then(
      () => {
        this.#enforcing = undefined
        // What was under way meanwhile is applied now.
        this.consider()
      },
      () => {
        // The next change of view or schema gives the next occasion.
        this.#enforcing = undefined
      },
    )
  }

  async #declare(): Promise<void> {
    const { engine } = this.#init
    await this.#transactions.run((scope) => this.#open(scope))
    this.#declaredIn = engine.copy?.store
    this.consider()
  }

  #open(scope: Scope): void {
    const { engine, definitions } = this.#init
    const schemas = scope.table(SCHEMA_TABLE)
    for (const [table, definition] of Object.entries(definitions)) {
      const row = schemas.get(table)
      const known = readSchema(row)
      if (row !== undefined && known === undefined) {
        throw incompatible(`table ${table} was defined by a release of Tiebeam that this one does not understand`)
      }
      const opening = openingOf({ table, definition, known, node: engine.node, nodes: this.#nodes })
      if (opening.type === 'incompatible') throw incompatible(opening.reason)
      if (!isDeepStrictEqual(opening.schema, known)) schemas.put(table, schemaRow(opening.schema), undefined)
    }
  }

  async #enforce(): Promise<void> {
    await this.#transactions.run((scope) => {
      const schemas = scope.table(SCHEMA_TABLE)
      for (const { schema, index } of this.#ready(scope.copy.store)) {
        const known = readSchema(schemas.get(schema.table))
        if (known !== undefined) schemas.put(schema.table, schemaRow(enforced(known, index)), undefined)
      }
      for (const { schema, index } of this.#broken(scope.copy.store)) {
        const known = readSchema(schemas.get(schema.table))
        if (known !== undefined)
          schemas.put(schema.table, schemaRow(waitingAgain(known, index, this.#nodes)), undefined)
      }
    })
  }

  #ready(store: Store): SchemaIndex[] {
    return this.#unenforced(store).filter(({ schema, index }) => {
      const found = schema.indexes[index]
      const hasShared = store.table(schema.table).index(index)?.hasShared
      return found !== undefined && isKnownByAll(found, this.#nodes) && hasShared === false
    })
  }

  /** Put into force while a second row of a value was under way. It waits again until one of them is gone. */
  #broken(store: Store): SchemaIndex[] {
    return this.#indexes(store, 'enforced').filter(
      ({ schema, index }) => store.table(schema.table).index(index)?.hasShared === true,
    )
  }

  #unenforced(store: Store): SchemaIndex[] {
    return this.#indexes(store, 'waiting')
  }

  #indexes(store: Store, wanted: IndexSchema['unique']): SchemaIndex[] {
    return Object.keys(this.#init.definitions).flatMap((name) => {
      const schema = readSchema(store.get(SCHEMA_TABLE, name))
      if (schema === undefined) return []
      const found = Object.entries(schema.indexes).filter(([, { unique }]) => unique === wanted)
      return found.map(([index]) => ({ schema, index }))
    })
  }

  #reasonOf(store: Store, table: string, index: string): string {
    const known = readSchema(store.get(SCHEMA_TABLE, table))?.indexes[index]
    const missing = this.#nodes.filter((node) => known?.knownBy.includes(node) === false)
    if (missing.length > 0) return `not known to ${missing.join(', ')}`
    const found = store.table(table).index(index)
    if (found?.hasShared === undefined) return 'its rows are still put into it'
    const shared = found.sharedValue()
    return shared === undefined ? 'about to be enforced' : `several rows have ${String(shared)}`
  }

  get #nodes(): string[] {
    return this.#init.engine.status.view?.members.map(({ node }) => node) ?? []
  }
}

function incompatible(reason: string): TablesError {
  return new TablesError(
    'SCHEMA_INCOMPATIBLE',
    `${reason}. A rolling update can add tables, indexes and optional fields; for anything else give the table another name`,
  )
}
