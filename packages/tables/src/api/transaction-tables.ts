import { TablesError } from '../errors.ts'
import { type Key, mapKeyOf } from '../store/key.ts'
import { exactly, indexKeyOf } from '../store/read.ts'
import { RowMeter } from '../store/row-meter.ts'
import type { IndexSchema, TableSchema } from '../store/schema-row.ts'
import type { Row } from '../store/write.ts'
import { durationMs } from './duration.ts'
import type { TableLimits } from './limits.ts'
import type { Overlay } from './overlay.ts'
import { BagReads, CounterReads, countRow, given, type ReadsInit, SetReads } from './reads.ts'
import { rowValue } from './row-value.ts'
import type { PutOptions } from './table.ts'

export interface TransactionTableInit extends ReadsInit {
  readonly overlay: Overlay
  /** What the cluster knows of the table. */
  readonly schema: TableSchema | undefined
  readonly limits: TableLimits
}

/** How rows get into a transaction: copied, checked, and against the unique indexes. */
class RowWriter {
  readonly #init: TransactionTableInit
  readonly #meter = new RowMeter()

  constructor(init: TransactionTableInit) {
    this.#init = init
  }

  put(key: Key, row: Row, { ttl }: PutOptions): void {
    const { name, definition, overlay, limits } = this.#init
    const bytes = this.#meter.measure(mapKeyOf(key), row)
    if (bytes > limits.rowBytesMax) {
      const message = `table ${name}: a row would take some ${bytes} bytes, more than the ${limits.rowBytesMax} of rowBytesMax`
      throw new TablesError('ROW_INVALID', message)
    }
    if (overlay.heldRows >= limits.rowsMax && !overlay.isHeld(key)) {
      const message = `table ${name} holds ${overlay.heldRows} rows, and no more are allowed than the ${limits.rowsMax} of rowsMax; nothing was written. Delete rows, give them a ttl, or share them out over several tables`
      throw new TablesError('MEMORY_FULL', message)
    }
    this.#assertUnique(key, row)
    const ownTtlMs = ttl === undefined || ttl === 'forever' ? undefined : durationMs(ttl, 'ttl')
    overlay.put(key, row, ttl === undefined ? definition.ttlMs : ownTtlMs)
  }

  #assertUnique(key: Key, row: Row): void {
    const { name, overlay, schema } = this.#init
    for (const index in schema?.indexes) {
      const { fields, unique } = schema.indexes[index] as IndexSchema
      const value = unique === 'enforced' ? indexKeyOf(row, fields) : undefined
      if (value === undefined) continue
      // That nobody has the value is something the transaction has read, so one who takes it meanwhile is noticed.
      const holder = overlay.find(index, exactly(value), false, 2).find((held) => mapKeyOf(held.key) !== mapKeyOf(key))
      if (holder === undefined) continue
      const [wanted, held] = [value, holder.key].map(textOf)
      throw new TablesError(
        'UNIQUE_VIOLATED',
        `table ${name}: a row with ${wanted} in the unique index ${index} is there already, under the key ${held}`,
      )
    }
  }
}

export class SetTransactionTable extends SetReads<Overlay> {
  readonly #writer: RowWriter

  constructor(init: TransactionTableInit) {
    super(init, init.overlay)
    this.#writer = new RowWriter(init)
  }

  put(row: unknown, options?: PutOptions): void {
    this.putValue(rowValue(row, this.name), options)
  }

  /** A row that is copied already. */
  putValue(row: Row, options: PutOptions = {}): void {
    this.#writer.put(this.keys.of(row), row, options)
  }

  delete(key: unknown): void {
    this.source.delete(this.keys.check(key))
  }

  update(key: unknown, change: (row: unknown) => unknown, options?: PutOptions): unknown {
    const before = this.get(key)
    const after = change(before)
    if (after === undefined) return before
    assertSynchronous(after)
    const kept = rowValue(after, this.name)
    const checked = this.keys.check(key)
    if (mapKeyOf(this.keys.of(kept)) !== mapKeyOf(checked)) {
      const message = `table ${this.name}: an update of the row ${textOf(checked)} gave one with another key`
      throw new TablesError('KEY_INVALID', message)
    }
    this.#writer.put(checked, kept, options ?? {})
    return given(kept)
  }

  putIfAbsent(row: unknown, options?: PutOptions): unknown {
    return this.putValueIfAbsent(rowValue(row, this.name), options)
  }

  putValueIfAbsent(row: Row, options?: PutOptions): unknown {
    const held = this.source.get(this.keys.of(row))
    if (held !== undefined) return given(held)
    this.putValue(row, options)
    return undefined
  }

  clear(): void {
    this.source.clear()
  }
}

export class BagTransactionTable extends BagReads<Overlay> {
  readonly #writer: RowWriter

  constructor(init: TransactionTableInit) {
    super(init, init.overlay)
    this.#writer = new RowWriter(init)
  }

  put(row: unknown, options?: PutOptions): void {
    this.putValue(rowValue(row, this.name), options)
  }

  putValue(row: Row, options: PutOptions = {}): void {
    this.#writer.put(this.keys.keptUnder(row), row, options)
  }

  delete(key: unknown): void {
    for (const held of this.held(key)) this.source.delete(held.key)
  }

  deleteRow(row: unknown): void {
    this.source.delete(this.keys.keptUnder(rowValue(row, this.name)))
  }

  clear(): void {
    this.source.clear()
  }
}

export class CounterTransactionTable extends CounterReads<Overlay> {
  readonly #writer: RowWriter

  constructor(init: TransactionTableInit) {
    super(init, init.overlay)
    this.#writer = new RowWriter(init)
  }

  increment(key: unknown, by: unknown = 1): number {
    const sum = this.get(key) + this.#integer(by)
    this.set(key, sum)
    return sum
  }

  set(key: unknown, value: unknown): void {
    const checked = this.keys.check(key)
    this.#writer.put(checked, countRow(checked, this.#integer(value)), {})
  }

  delete(key: unknown): void {
    this.source.delete(this.keys.check(key))
  }

  clear(): void {
    this.source.clear()
  }

  #integer(value: unknown): number {
    if (Number.isSafeInteger(value)) return value as number
    const message = `table ${this.name}: counters hold integers up to ${Number.MAX_SAFE_INTEGER}, and ${String(value)} is none`
    throw new TablesError('ROW_INVALID', message)
  }
}

export type TransactionTable = SetTransactionTable | BagTransactionTable | CounterTransactionTable

export function transactionTable(init: TransactionTableInit): TransactionTable {
  switch (init.definition.kind) {
    case 'set':
    case 'ordered':
      return new SetTransactionTable(init)
    case 'bag':
      return new BagTransactionTable(init)
    case 'counter':
      return new CounterTransactionTable(init)
  }
}

/** @throws TablesError `TRANSACTION_INVALID` */
export function assertSynchronous(result: unknown): void {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return
  // Nobody waits for it now; that it fails must not end the process.
  void Promise.resolve(result).catch(() => undefined)
  throw new TablesError(
    'TRANSACTION_INVALID',
    'the function of a transaction or an update returned a promise; it has to be synchronous, for it may be called several times',
  )
}

function textOf(key: Key): string {
  return typeof key === 'object' ? `[${key.map(textOf).join(', ')}]` : String(key)
}
