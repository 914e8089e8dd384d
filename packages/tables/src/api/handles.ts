import type { Engine } from '../engine.ts'
import type { Key } from '../store/key.ts'
import type { Row } from '../store/write.ts'
import type { ChangesOptions, TableChange } from './changes.ts'
import type { TableDefinition } from './definition.ts'
import { BagReads, CounterReads, SetReads } from './reads.ts'
import { RowUpdates } from './row-updates.ts'
import { rowValue } from './row-value.ts'
import { ReplicaSource } from './source.ts'
import type { PutOptions } from './table.ts'
import type {
  BagTransactionTable,
  CounterTransactionTable,
  SetTransactionTable,
  TransactionTable,
} from './transaction-tables.ts'

export interface HandleInit {
  readonly engine: Engine
  readonly name: string
  readonly definition: TableDefinition
  /** Runs a function over this table, as a transaction. */
  readonly transact: <Result>(work: (table: TransactionTable) => Result) => Promise<Result>
  /** Throws within the function of a transaction. */
  readonly assertOutside: (what: string) => void
  readonly changes: (options: ChangesOptions) => AsyncIterableIterator<TableChange<unknown, unknown>, undefined>
}

/** How a table writes: each call a transaction of its own. Throws, rather than rejects, within the function of another one. */
class Writer<Table extends TransactionTable> {
  readonly #init: HandleInit
  readonly #updates: RowUpdates<Table>

  constructor(init: HandleInit) {
    this.#init = init
    this.#updates = new RowUpdates((work) => init.transact((table) => work(table as Table)))
  }

  write(what: string, work: (table: Table) => void): Promise<void> {
    this.#init.assertOutside(`${this.#init.name}.${what}`)
    return this.#init.transact((table) => work(table as Table))
  }

  /** The row is copied now, whenever it is written. */
  put(what: string, row: unknown, work: (table: Table, row: Row) => void): Promise<void> {
    this.#init.assertOutside(`${this.#init.name}.${what}`)
    return this.#put(row, work)
  }

  /** Rests on what the row was. `keyOf` may throw, which rejects. */
  update<Result>(what: string, keyOf: () => Key, change: (table: Table) => Result): Promise<Result> {
    this.#init.assertOutside(`${this.#init.name}.${what}`)
    return this.#update(keyOf, change) as Promise<Result>
  }

  async #put(row: unknown, work: (table: Table, row: Row) => void): Promise<void> {
    const kept = rowValue(row, this.#init.name)
    await this.#init.transact((table) => work(table as Table, kept))
  }

  async #update(keyOf: () => Key, change: (table: Table) => unknown): Promise<unknown> {
    return await this.#updates.run(keyOf(), change)
  }
}

export class SetHandle extends SetReads<ReplicaSource> {
  readonly #init: HandleInit
  readonly #writer: Writer<SetTransactionTable>

  constructor(init: HandleInit) {
    super(init.name, init.definition, new ReplicaSource(init.engine, init.name))
    this.#init = init
    this.#writer = new Writer(init)
  }

  put(row: unknown, options?: PutOptions): Promise<void> {
    return this.#writer.put('put', row, (table, kept) => table.putValue(kept, options))
  }

  delete(key: unknown): Promise<void> {
    return this.#writer.write('delete', (table) => table.delete(key))
  }

  update(key: unknown, change: (row: unknown) => unknown, options?: PutOptions): Promise<unknown> {
    const keyOf = () => this.keys.check(key)
    return this.#writer.update('update', keyOf, (table) => table.update(key, change, options))
  }

  putIfAbsent(row: unknown, options?: PutOptions): Promise<unknown> {
    let kept: Row
    const keyOf = () => {
      kept = rowValue(row, this.name)
      return this.keys.of(kept)
    }
    return this.#writer.update('putIfAbsent', keyOf, (table) => table.putValueIfAbsent(kept, options))
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
    super(init.name, init.definition, new ReplicaSource(init.engine, init.name))
    this.#init = init
    this.#writer = new Writer(init)
  }

  put(row: unknown, options?: PutOptions): Promise<void> {
    return this.#writer.put('put', row, (table, kept) => table.putValue(kept, options))
  }

  delete(key: unknown): Promise<void> {
    return this.#writer.write('delete', (table) => table.delete(key))
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
    super(init.name, init.definition, new ReplicaSource(init.engine, init.name))
    this.#init = init
    this.#writer = new Writer(init)
  }

  increment(key: unknown, by?: number): Promise<number> {
    const keyOf = () => this.keys.check(key)
    return this.#writer.update('increment', keyOf, (table) => table.increment(key, by))
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
