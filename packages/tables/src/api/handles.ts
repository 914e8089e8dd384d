import type { Engine } from '../engine.ts'
import type { Row } from '../store/write.ts'
import type { ChangesOptions, TableChange } from './changes.ts'
import { BagReads, CounterReads, type ReadsInit, SetReads } from './reads.ts'
import { rowValue } from './row-value.ts'
import { ReplicaSource } from './source.ts'
import type { PutOptions } from './table.ts'
import type {
  BagTransactionTable,
  CounterTransactionTable,
  SetTransactionTable,
  TransactionTable,
} from './transaction-tables.ts'

export interface HandleInit extends ReadsInit {
  readonly engine: Engine
  /** Runs a function over this table, as a transaction. */
  readonly transact: <Result>(work: (table: TransactionTable) => Result) => Promise<Result>
  /** The same for one that reads nothing. */
  readonly write: (work: (table: TransactionTable) => void) => Promise<void>
  /** Throws within the function of a transaction. `what`: the method that was called. */
  readonly assertOutside: (what: string) => void
  readonly changes: (options: ChangesOptions) => AsyncIterableIterator<TableChange<unknown, unknown>, undefined>
}

/**
 * How a table writes: each call a transaction of its own. Within the function of another one it throws, rather than rejects: nobody
 * would be there to catch it.
 */
class Writer<Table extends TransactionTable> {
  readonly #init: HandleInit

  constructor(init: HandleInit) {
    this.#init = init
  }

  write(what: string, work: (table: Table) => void): Promise<void> {
    this.#init.assertOutside(what)
    return this.#init.write((table) => work(table as Table))
  }

  /** Rests on what it reads. */
  update<Result>(what: string, work: (table: Table) => Result): Promise<Result> {
    this.#init.assertOutside(what)
    return this.#init.transact((table) => work(table as Table))
  }

  /** The row is copied now, whenever it is written. */
  put<Result>(what: string, row: unknown, put: (row: Row) => Promise<Result>): Promise<Result> {
    this.#init.assertOutside(what)
    let kept: Row
    try {
      kept = rowValue(row, this.#init.name)
    } catch (error) {
      return Promise.reject(error)
    }
    return put(kept)
  }
}

export class SetHandle extends SetReads<ReplicaSource> {
  readonly #init: HandleInit
  readonly #writer: Writer<SetTransactionTable>

  constructor(init: HandleInit) {
    super(init, new ReplicaSource(init.engine, init.name))
    this.#init = init
    this.#writer = new Writer(init)
  }

  put(row: unknown, options?: PutOptions): Promise<void> {
    return this.#writer.put('put', row, (kept) => this.#writer.write('put', (table) => table.putValue(kept, options)))
  }

  delete(key: unknown): Promise<void> {
    return this.#writer.write('delete', (table) => table.delete(key))
  }

  update(key: unknown, change: (row: unknown) => unknown, options?: PutOptions): Promise<unknown> {
    return this.#writer.update('update', (table) => table.update(key, change, options))
  }

  putIfAbsent(row: unknown, options?: PutOptions): Promise<unknown> {
    const put = (kept: Row): Promise<unknown> =>
      this.#writer.update('putIfAbsent', (table) => table.putValueIfAbsent(kept, options))
    return this.#writer.put('putIfAbsent', row, put)
  }

  clear(): Promise<void> {
    return this.#writer.write('clear', (table) => table.clear())
  }

  changes(options: ChangesOptions = {}): AsyncIterableIterator<TableChange<unknown, unknown>, undefined> {
    return this.#init.changes(options)
  }
}

export class BagHandle extends BagReads<ReplicaSource> {
  readonly #init: HandleInit
  readonly #writer: Writer<BagTransactionTable>

  constructor(init: HandleInit) {
    super(init, new ReplicaSource(init.engine, init.name))
    this.#init = init
    this.#writer = new Writer(init)
  }

  put(row: unknown, options?: PutOptions): Promise<void> {
    return this.#writer.put('put', row, (kept) => this.#writer.write('put', (table) => table.putValue(kept, options)))
  }

  delete(key: unknown): Promise<void> {
    return this.#writer.update('delete', (table) => table.delete(key))
  }

  deleteRow(row: unknown): Promise<void> {
    return this.#writer.write('deleteRow', (table) => table.deleteRow(row))
  }

  clear(): Promise<void> {
    return this.#writer.write('clear', (table) => table.clear())
  }

  changes(options: ChangesOptions = {}): AsyncIterableIterator<TableChange<unknown, unknown>, undefined> {
    return this.#init.changes(options)
  }
}

export class CounterHandle extends CounterReads<ReplicaSource> {
  readonly #init: HandleInit
  readonly #writer: Writer<CounterTransactionTable>

  constructor(init: HandleInit) {
    super(init, new ReplicaSource(init.engine, init.name))
    this.#init = init
    this.#writer = new Writer(init)
  }

  increment(key: unknown, by?: number): Promise<number> {
    return this.#writer.update('increment', (table) => table.increment(key, by))
  }

  set(key: unknown, value: number): Promise<void> {
    return this.#writer.write('set', (table) => table.set(key, value))
  }

  delete(key: unknown): Promise<void> {
    return this.#writer.write('delete', (table) => table.delete(key))
  }

  clear(): Promise<void> {
    return this.#writer.write('clear', (table) => table.clear())
  }

  changes(options: ChangesOptions = {}): AsyncIterableIterator<TableChange<unknown, unknown>, undefined> {
    return this.#init.changes(options)
  }
}

export function handle(init: HandleInit): SetHandle | BagHandle | CounterHandle {
  switch (init.definition.kind) {
    case 'set':
    case 'ordered':
      return new SetHandle(init)
    case 'bag':
      return new BagHandle(init)
    case 'counter':
      return new CounterHandle(init)
  }
}
