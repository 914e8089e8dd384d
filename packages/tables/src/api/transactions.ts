import type { Engine, EngineCopy } from '../engine.ts'
import { TablesError } from '../errors.ts'
import type { Outcome } from '../replica/event.ts'
import type { Read } from '../store/read.ts'
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

/** Functions that are run as one, at most. */
const TOGETHER_MAX = 256
/** Functions that wait to be run together. */
const WAITING_MAX = 10_000

/** A function on its way to be committed. */
interface Job {
  readonly work: (scope: Scope) => unknown
  readonly options: TransactionOptions
  attempts: number
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** How a function ended, in one attempt. */
type Ending = { readonly result: unknown } | { readonly thrown: unknown }

export interface TransactionsInit {
  readonly engine: Engine
  readonly limits: TableLimits
  /** What has to be awaited before a copy can be written to; undefined when there is nothing. */
  readonly prepare: (copy: EngineCopy) => Promise<void> | undefined
}

/**
 * Runs functions over what is applied here, until one attempt has read nothing that changed before it was committed.
 *
 * Functions that met a conflict wait, with all that come after them, and are run together: one after the other over one state, and
 * committed as one. Else those of one process that want the same row would refuse each other, and one would get through in each round trip.
 */
export class Transactions {
  readonly #init: TransactionsInit
  #running: Scope | undefined
  #waiting: Job[] = []
  #isTogether = false

  constructor(init: TransactionsInit) {
    this.#init = init
  }

  /** @throws TablesError `TRANSACTION_INVALID` within a function of a transaction, of which then nothing is written */
  assertOutside(what: string, table?: string): void {
    if (this.#running === undefined) return
    this.#running.fault = new TablesError(
      'TRANSACTION_INVALID',
      `${table === undefined ? what : `${table}.${what}`} was called within the function of a transaction or an update, and does not belong to it; use what the function is given`,
    )
    throw this.#running.fault
  }

  run<Result>(work: (scope: Scope) => Result, options: TransactionOptions = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      const job: Job = { work, options, attempts: 0, resolve: resolve as (result: unknown) => void, reject }
      // A member that is cut off says so at once.
      if (!this.#isTogether || this.#init.engine.status.cutOff) void this.#alone(job)
      else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(job)
      else reject(errorOf({ type: 'refused', reason: 'TOO_MANY_PENDING' }))
    })
  }

  /** Of what rests on nothing that was read, and so meets no conflict, unless the table itself has changed. */
  async runBlind(work: (scope: Scope) => void): Promise<void> {
    const preparing = this.#init.prepare(this.#copy)
    if (preparing !== undefined) await preparing
    const scope = new Scope(this.#copy, this.#init.limits.writesMax)
    const ending = this.#call(work, scope)
    const outcome = await this.#commit(scope)
    if (outcome.type === 'conflict' || outcome.type === 'lost') await this.run(work)
    else resultOf(ending, outcome)
  }

  async #alone(job: Job): Promise<void> {
    this.#waiting.push(...(await this.#attempt([job])))
    if (this.#waiting.length > 0 && !this.#isTogether) await this.#together()
  }

  async #together(): Promise<void> {
    this.#isTogether = true
    while (this.#waiting.length > 0) {
      const jobs = this.#waiting.splice(0, TOGETHER_MAX)
      const again = await this.#attempt(jobs)
      this.#waiting.unshift(...again)
      // Those of the primary's process would always be first: a round trip gives other members their turn, and meanwhile more come together.
      if (again.length === 0) await this.#init.engine.sync()
    }
    this.#isTogether = false
  }

  /** Returns those that have to be tried again. */
  async #attempt(candidates: readonly Job[]): Promise<readonly Job[]> {
    let jobs = candidates.filter((job) => this.#mayTry(job))
    if (jobs.length === 0) return []
    let later: readonly Job[] = []
    try {
      const preparing = this.#init.prepare(this.#copy)
      if (preparing !== undefined) await preparing
      const scope = new Scope(this.#copy, this.#init.limits.writesMax)
      const endings: Ending[] = []
      for (const job of jobs) {
        if (scope.isFull) break
        job.attempts += 1
        endings.push(this.#call(job.work, scope))
      }
      later = jobs.slice(endings.length)
      jobs = jobs.slice(0, endings.length)
      const outcome = await this.#commit(scope)
      if (outcome.type === 'conflict' || outcome.type === 'lost') return [...jobs, ...later]
      if (isTooMuch(outcome)) throw errorOf(outcome)
      for (const [place, { resolve, reject }] of jobs.entries()) {
        try {
          resolve(resultOf(endings[place] as Ending, outcome))
        } catch (error) {
          reject(error)
        }
      }
      return later
    } catch (error) {
      if (jobs.length === 1) {
        jobs[0]?.reject(error)
        return later
      }
      // Each has to answer for itself alone.
      const again = await Promise.all(jobs.map((job) => this.#attempt([job])))
      return [...again.flat(), ...later]
    }
  }

  #mayTry({ attempts, options, reject }: Job): boolean {
    const { attemptsMax = this.#init.limits.attemptsMax, signal } = options
    if (signal?.aborted) reject(signal.reason)
    else if (attempts >= attemptsMax) reject(errorOf({ type: 'conflict' }))
    else return true
    return false
  }

  async #commit(scope: Scope): Promise<Outcome> {
    scope.close()
    const { engine } = this.#init
    const { snapshot } = scope
    const writes = scope.writes()
    const reads = scope.reads()
    addSchemas(reads, writes)
    if (writes.length === 0) {
      return reads.length === 0 ? { type: 'synced', index: snapshot } : await engine.validate({ snapshot, reads })
    }
    const transaction = engine.begin()
    const outcome = await transaction.attempt({ snapshot, reads, writes })
    // It is certain that it did not take place, and the next attempt may be together with others.
    if (outcome.type === 'conflict') transaction.abandon()
    return outcome
  }

  get #copy(): EngineCopy {
    const { copy } = this.#init.engine
    if (copy === undefined) throw errorOf({ type: 'refused', reason: 'NOT_A_MEMBER' })
    return copy
  }

  /** Of a function that throws, nothing is written; what it read counts. */
  #call(work: Job['work'], scope: Scope): Ending {
    this.#running = scope
    scope.fault = undefined
    scope.mark()
    try {
      const result = work(scope)
      assertSynchronous(result)
      if (scope.fault === undefined) return { result }
    } catch (error) {
      scope.undo()
      return { thrown: scope.fault ?? error }
    } finally {
      this.#running = undefined
    }
    scope.undo()
    return { thrown: scope.fault }
  }
}

/** Together they may write more than each of them. */
function isTooMuch(outcome: Outcome): boolean {
  return outcome.type === 'refused' && (outcome.reason === 'MEMORY_FULL' || outcome.reason === 'TRANSACTION_TOO_LARGE')
}

/** What the caller is told. Throws what the function threw, or that it was not committed. */
function resultOf(ending: Ending, outcome: Outcome): unknown {
  const thrown = 'thrown' in ending ? ending.thrown : undefined
  if (outcome.type !== 'committed' && outcome.type !== 'synced') throw errorOf(outcome, thrown)
  if ('thrown' in ending) throw thrown
  return ending.result
}

/** A write rests on what its table is: whoever does not know of a new unique index yet has to look again. */
function addSchemas(reads: Read[], writes: readonly Write[]): void {
  // Those of one table stand together.
  let last: string | undefined
  for (const { table } of writes) {
    if (table !== last && table !== SCHEMA_TABLE) reads.push({ type: 'row', table: SCHEMA_TABLE, key: table })
    last = table
  }
}
