import { atom, Down, keyOf, Reference, tuple } from '@tiebeam/distribution'
import { GenServer, type Later } from '@tiebeam/otp'
import type { TableChange } from '../../api/changes.ts'
import type { PutOptions } from '../../api/table.ts'
import { TablesError } from '../../errors.ts'
import { type Access, exposedTable } from '../access.ts'
import { runSimpleTransaction, simpleTransaction, type TransactedTable } from '../simple-transaction.ts'
import { errorTerm, nameOfTerm, okTerm, optionsOfTerm, rowOfTerm } from '../term.ts'
import { Subscription } from './subscription.ts'

/** Rows that one answer holds. */
const ROWS_MAX = 10_000
const SUBSCRIPTIONS_MAX = 1_000

/** A table, of whichever kind. */
interface ServedTable {
  get(key: unknown): unknown
  where(index: string, value: unknown): unknown[]
  range(bounds: unknown): unknown[]
  all(): unknown[]
  readonly size: number
  put(row: unknown, options: PutOptions): Promise<void>
  putIfAbsent(row: unknown, options: PutOptions): Promise<unknown>
  delete(key: unknown): Promise<void>
  increment(key: unknown, by: number): Promise<number>
  changes(options: { readonly signal: AbortSignal }): AsyncIterable<TableChange<unknown, unknown>>
}

export interface ServedTables {
  transaction(work: (tables: Readonly<Record<string, TransactedTable>>) => unknown): Promise<unknown>
  sync(): Promise<void>
}

export interface TablesServerInit {
  readonly tables: ServedTables
  readonly access: Access
}

/**
 * The tables for nodes that have none: Elixir and Erlang nodes call `{tiebeam_tables, Node}`. Every answer is `{ok, Value}` or
 * `{error, {Code, Message}}`. Rows are maps with binaries for keys; atoms are taken as well. What waits for other nodes is answered
 * later, so that one caller does not wait for another.
 */
export class TablesServer extends GenServer {
  #init: TablesServerInit | undefined
  readonly #subscriptions = new Map<string, Subscription>()

  override init(init: TablesServerInit): void {
    this.#init = init
  }

  override readonly calls = {
    get: (table: unknown, key: unknown) => this.#read(table, (rows) => rows.get(key) ?? null),
    where: (table: unknown, index: unknown, value: unknown) =>
      this.#read(table, (rows) => few(rows.where(String(nameOfTerm(index)), boundsOr(value)))),
    range: (table: unknown, bounds: unknown) => this.#read(table, (rows) => few(rows.range(optionsOfTerm(bounds)))),
    all: (table: unknown) => this.#read(table, (rows) => few(rows.all())),
    size: (table: unknown) => this.#read(table, (rows) => rows.size),
    put: (table: unknown, row: unknown, ...[ttlMs]: unknown[]) =>
      this.#write(table, (rows) => rows.put(rowOfTerm(row), ttlOf(ttlMs))),
    put_if_absent: (table: unknown, row: unknown, ...[ttlMs]: unknown[]) =>
      this.#write(table, (rows) => rows.putIfAbsent(rowOfTerm(row), ttlOf(ttlMs))),
    delete: (table: unknown, key: unknown) => this.#write(table, (rows) => rows.delete(key)),
    increment: (table: unknown, key: unknown, ...[by = 1]: unknown[]) =>
      this.#write(table, (rows, name) => {
        if (typeof rows.increment !== 'function')
          throw new TablesError('OPTION_INVALID', `table ${name} has no counters`)
        return rows.increment(key, by as number)
      }),
    transaction: (conditions: unknown, writes: unknown) => this.#transaction(conditions, writes),
    sync: () => this.#answer(() => this.#served.tables.sync()),
    subscribe: (table: unknown) => this.#subscribe(table),
    unsubscribe: (reference: unknown) => this.#unsubscribe(reference),
  }

  override handleInfo(message: unknown): unknown {
    if (!(message instanceof Down)) return super.handleInfo(message)
    this.#end(message.reference)
    return undefined
  }

  override terminate(): void {
    for (const subscription of this.#subscriptions.values()) subscription.end()
  }

  get #served(): TablesServerInit {
    return this.#init as TablesServerInit
  }

  #table(name: string): ServedTable {
    return (this.#served.tables as unknown as Record<string, ServedTable>)[name] as ServedTable
  }

  #read(table: unknown, read: (rows: ServedTable) => unknown): unknown {
    try {
      return okTerm(read(this.#table(exposedTable(this.#served.access, table, 'read'))))
    } catch (error) {
      return errorTerm(error)
    }
  }

  #write(table: unknown, write: (rows: ServedTable, name: string) => Promise<unknown>): Later<unknown> {
    return this.#answer(() => {
      const name = exposedTable(this.#served.access, table, 'write')
      return write(this.#table(name), name)
    })
  }

  #transaction(conditions: unknown, writes: unknown): Later<unknown> {
    return this.#answer(async () => {
      const { access, tables } = this.#served
      const steps = simpleTransaction(conditions, writes, access)
      const failed = await tables.transaction((within) => runSimpleTransaction(steps, within))
      if (failed === undefined) return undefined
      throw new TablesError(
        'CONDITION_FAILED',
        `condition ${String(failed)} (from 0) does not hold; nothing was written`,
      )
    })
  }

  /** The next call is served while this one waits. */
  #answer(work: () => Promise<unknown>): Later<unknown> {
    return this.later<unknown>((from) => {
      const answered = async () => {
        try {
          return okTerm((await work()) ?? null)
        } catch (error) {
          return errorTerm(error)
        }
      }
      void answered().then((reply) => this.reply(from, reply))
    })
  }

  /** `{ok, Reference}`: the messages that follow bear it. */
  #subscribe(table: unknown): Later<unknown> {
    return this.later<unknown>((from) => {
      try {
        const rows = this.#table(exposedTable(this.#served.access, table, 'read'))
        if (this.#subscriptions.size >= SUBSCRIPTIONS_MAX) {
          throw new TablesError('TOO_MANY_PENDING', `there are ${SUBSCRIPTIONS_MAX} subscriptions; end some of them`)
        }
        const { self } = this
        const reference = self.monitor(from.pid)
        // Before the first change, so that the subscriber knows the reference that it bears.
        this.reply(from, okTerm(reference))
        const subscription = new Subscription({
          self,
          subscriber: from.pid,
          reference,
          changes: (signal) => rows.changes({ signal }),
          logger: self.node.logger,
        })
        this.#subscriptions.set(keyOf(reference), subscription)
      } catch (error) {
        this.reply(from, errorTerm(error))
      }
    })
  }

  #unsubscribe(reference: unknown): unknown {
    if (!(reference instanceof Reference) || !this.#subscriptions.has(keyOf(reference))) {
      return tuple(atom('error'), tuple(atom('not_subscribed'), 'there is no subscription of this reference'))
    }
    this.self.demonitor(reference)
    this.#end(reference)
    return okTerm(null)
  }

  #end(reference: Reference): void {
    this.#subscriptions.get(keyOf(reference))?.end()
    this.#subscriptions.delete(keyOf(reference))
  }
}

function few(rows: unknown[]): unknown[] {
  if (rows.length <= ROWS_MAX) return rows
  throw new TablesError(
    'TOO_MANY_ROWS',
    `the answer has ${rows.length} rows, more than ${ROWS_MAX}; give a limit, narrower bounds, or subscribe`,
  )
}

/** A value to look up in an index, or bounds as a map. */
function boundsOr(value: unknown): unknown {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isMap ? optionsOfTerm(value) : value
}

function ttlOf(ttlMs: unknown): PutOptions {
  return ttlMs === undefined ? {} : { ttl: ttlMs as number }
}
