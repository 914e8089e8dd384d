import type { Engine, EngineCopy, EngineTransaction } from '../engine.ts'
import { TablesError } from '../errors.ts'
import type { Outcome } from '../replica/event.ts'
import { mapKeyOf } from '../store/key.ts'
import { RowMeter } from '../store/row-meter.ts'
import { SCHEMA_TABLE } from '../store/schema-row.ts'
import type { Write } from '../store/write.ts'
import type { TableLimits } from './limits.ts'
import { errorOf } from './outcome-error.ts'
import { Scope } from './scope.ts'
import { assertSynchronous } from './transaction-tables.ts'

export interface TransactionOptions {
  /** How often the function is tried, when others change what it reads. Default: that of the tables, 100. */
  readonly attemptsMax?: number
  /** Looked at before each attempt: one that is under way is not called back. */
  readonly signal?: AbortSignal
}

/** How a function ended, in one attempt. */
type Ending<Result> = { readonly result: Result } | { readonly thrown: unknown }

/** Runs functions over what is applied here, until one attempt has read nothing that changed before it was committed. */
export class Transactions {
  readonly #engine: Engine
  readonly #limits: TableLimits
  #running: Scope | undefined

  constructor(engine: Engine, limits: TableLimits) {
    this.#engine = engine
    this.#limits = limits
  }

  /** @throws TablesError `TRANSACTION_INVALID` within a function of a transaction, of which then nothing is written */
  assertOutside(what: string): void {
    if (this.#running === undefined) return
    this.#running.fault = new TablesError(
      'TRANSACTION_INVALID',
      `${what} was called within the function of a transaction or an update, and does not belong to it; use what the function is given`,
    )
    throw this.#running.fault
  }

  async run<Result>(
    work: (scope: Scope) => Result,
    options: TransactionOptions = {},
    prepare?: (copy: EngineCopy) => Promise<void> | undefined,
  ): Promise<Result> {
    const attemptsMax = options.attemptsMax ?? this.#limits.attemptsMax
    let transaction: EngineTransaction | undefined
    let outcome: Outcome = { type: 'conflict' }
    let isRefused = false
    try {
      for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
        options.signal?.throwIfAborted()
        const preparing = prepare?.(this.#copy)
        if (preparing !== undefined) await preparing
        const scope = new Scope(this.#copy)
        const ending = this.#call(work, scope)
        const writes = 'thrown' in ending ? [] : scope.writes()
        const reads = [...scope.reads(), ...schemasOf(writes)]
        const { snapshot } = scope
        if (writes.length > 0) {
          this.#assertRoom(scope, writes)
          transaction ??= this.#engine.begin()
          outcome = await transaction.attempt({ snapshot, reads, writes })
          isRefused = outcome.type === 'conflict'
        } else if (reads.length > 0) {
          outcome = await this.#engine.validate({ snapshot, reads })
        } else {
          outcome = { type: 'synced', index: snapshot }
        }
        if (outcome.type === 'committed' || outcome.type === 'synced') {
          if ('thrown' in ending) throw ending.thrown
          return ending.result
        }
        // What was lost with an earlier incarnation of this process never took place; the next attempt is another transaction.
        if (outcome.type === 'lost') transaction = undefined
        else if (outcome.type !== 'conflict') throw errorOf(outcome, 'thrown' in ending ? ending.thrown : undefined)
      }
      throw errorOf(outcome)
    } finally {
      if (isRefused) transaction?.abandon()
    }
  }

  get #copy(): EngineCopy {
    const { copy } = this.#engine
    if (copy === undefined) throw errorOf({ type: 'refused', reason: 'NOT_A_MEMBER' })
    return copy
  }

  #call<Result>(work: (scope: Scope) => Result, scope: Scope): Ending<Result> {
    this.#running = scope
    try {
      const result = work(scope)
      assertSynchronous(result)
      if (scope.fault === undefined) return { result }
    } catch (error) {
      if (scope.fault === undefined && !isMisuse(error)) return { thrown: error }
      throw scope.fault ?? error
    } finally {
      this.#running = undefined
      scope.close()
    }
    throw scope.fault
  }

  /** Rows that grow beyond the limit are refused; deletions, and rows that shrink, always have room. */
  #assertRoom({ copy: { store } }: Scope, writes: readonly Write[]): void {
    const { bytesMax } = this.#limits
    const { bytes } = store
    const meter = new RowMeter()
    let growth = 0
    for (const write of writes) {
      if (write.type === 'clear') {
        growth -= store.table(write.table).bytes
        continue
      }
      const name = mapKeyOf(write.key)
      const before = store.get(write.table, write.key)
      if (before !== undefined) growth -= meter.measure(name, before)
      if (write.type === 'put') growth += meter.measure(name, write.row)
    }
    if (growth <= 0 || bytes + growth <= bytesMax) return
    throw new TablesError(
      'MEMORY_FULL',
      `the tables take some ${bytes} bytes, and ${growth} more would exceed the ${bytesMax} of bytesMax; nothing was written. Delete rows, give them a ttl, or raise bytesMax in all members`,
    )
  }
}

/** A write rests on what its table is: whoever does not know of a new unique index yet has to look again. */
function schemasOf(writes: readonly Write[]) {
  const tables = new Set(writes.map(({ table }) => table))
  tables.delete(SCHEMA_TABLE)
  return Array.from(tables, (key) => ({ type: 'row', table: SCHEMA_TABLE, key }) as const)
}

function isMisuse(error: unknown): boolean {
  return error instanceof TablesError && error.code === 'TRANSACTION_INVALID'
}
