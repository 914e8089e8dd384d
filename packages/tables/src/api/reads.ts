import { TablesError } from '../errors.ts'
import type { Key } from '../store/key.ts'
import { exactly } from '../store/read.ts'
import type { KeyedRow } from '../store/table.ts'
import type { Row } from '../store/write.ts'
import { BAG_INDEX, type TableDefinition } from './definition.ts'
import { type Keys, lookUpOf, rangeOf } from './keys.ts'
import type { RangeOptions } from './row-types.ts'
import { copyOfRow } from './row-value.ts'
import type { RowSource } from './source.ts'

const all = Number.POSITIVE_INFINITY

export interface ReadsInit {
  readonly name: string
  readonly definition: TableDefinition
  readonly keys: Keys
}

/** What all kinds of tables are read by, from the own replica or within a transaction. */
class Reads<Source extends RowSource = RowSource> {
  readonly name: string
  readonly definition: TableDefinition
  protected readonly source: Source
  protected readonly keys: Keys

  constructor({ name, definition, keys }: ReadsInit, source: Source) {
    this.name = name
    this.definition = definition
    this.source = source
    this.keys = keys
  }

  get(key: unknown): unknown {
    const row = this.source.get(this.keys.check(key))
    return row !== undefined && this.source.hasOpenRows ? given(row) : row
  }

  has(key: unknown): boolean {
    return this.source.has(this.keys.check(key))
  }

  where(index: string, value: unknown): unknown[] {
    const { reverse = false, limit = all } = optionsOf(value)
    return this.give(this.source.find(index, lookUpOf(value, this.name), reverse, limit))
  }

  all(): unknown[] {
    return this.give(this.source.range({}, false, all))
  }

  get size(): number {
    return this.source.size
  }

  protected give(found: readonly KeyedRow[]): unknown[] {
    return this.source.hasOpenRows ? found.map(({ row }) => given(row)) : found.map(({ row }) => row)
  }
}

export class SetReads<Source extends RowSource = RowSource> extends Reads<Source> {
  range(bounds: RangeOptions<unknown> = {}): unknown[] {
    if (this.definition.kind !== 'ordered') {
      const message = `table ${this.name} keeps no order; define it with orderedTable() to read ranges of keys`
      throw new TablesError('OPTION_INVALID', message)
    }
    const { reverse = false, limit = all } = bounds
    return this.give(this.source.range(rangeOf(bounds, this.name), reverse, limit))
  }

  first(bounds: RangeOptions<unknown> = {}): unknown {
    return this.range({ ...bounds, reverse: false, limit: 1 })[0]
  }

  last(bounds: RangeOptions<unknown> = {}): unknown {
    return this.range({ ...bounds, reverse: true, limit: 1 })[0]
  }

  next(key: unknown): unknown {
    return this.first({ gt: this.keys.check(key) })
  }

  previous(key: unknown): unknown {
    return this.last({ lt: this.keys.check(key) })
  }
}

export class BagReads<Source extends RowSource = RowSource> extends Reads<Source> {
  override get(key: unknown): unknown[] {
    return this.give(this.held(key))
  }

  override has(key: unknown): boolean {
    return this.held(key, 1).length > 0
  }

  protected held(key: unknown, limit = all): KeyedRow[] {
    return this.source.find(BAG_INDEX, exactly(this.keys.check(key)), false, limit)
  }
}

export class CounterReads<Source extends RowSource = RowSource> extends Reads<Source> {
  override get(key: unknown): number {
    return countOf(this.source.get(this.keys.check(key)))
  }
}

function countOf(row: Row | undefined): number {
  return typeof row?.value === 'number' ? row.value : 0
}

export function countRow(key: Key, value: number): Row {
  return { key, value }
}

/** A row as it leaves the tables. Those that cannot be frozen are copied. */
export function given(row: Row): Row {
  return Object.isFrozen(row) ? row : copyOfRow(row)
}

function optionsOf(value: unknown): RangeOptions<unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RangeOptions<unknown>) : {}
}
