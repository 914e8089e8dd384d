import { Atom, equals, Tuple } from '@tiebeam/distribution'
import { TablesError } from '../errors.ts'
import { type Access, exposedTable } from './access.ts'
import { rowOfTerm } from './term.ts'

/** What of a table within a transaction is used here. */
export interface TransactedTable {
  get(key: unknown): unknown
  has(key: unknown): boolean
  put(row: unknown, options?: { readonly ttl?: number }): void
  delete(key: unknown): void
  increment?(key: unknown, by: number): number
  clear(): void
}

type Tables = Readonly<Record<string, TransactedTable>>
type Step = (tables: Tables) => unknown

export interface SimpleTransaction {
  readonly conditions: readonly Step[]
  readonly writes: readonly Step[]
}

/** Conditions and writes that one transaction may have. */
const STEPS_MAX = 10_000

/**
 * A transaction that fits into one message: conditions, all of which must hold, and writes. Conditions are `{absent, Table, Key}`,
 * `{present, Table, Key}` and `{matches, Table, Key, Fields}`, for a row that has these fields among others; writes `{put, Table, Row}`,
 * `{put, Table, Row, TtlMs}`, `{delete, Table, Key}`, `{increment, Table, Key, By}` and `{clear, Table}`.
 * @throws TablesError `TRANSACTION_INVALID`, `NOT_EXPOSED`, `ROW_INVALID`
 */
export function simpleTransaction(conditions: unknown, writes: unknown, access: Access): SimpleTransaction {
  return {
    conditions: listOf(conditions, 'conditions').map((term) => conditionOf(term, access)),
    writes: listOf(writes, 'writes').map((term) => writeOf(term, access)),
  }
}

/** Runs within a transaction. The place of the first condition that does not hold, from 0; undefined when all do and all is written. */
export function runSimpleTransaction({ conditions, writes }: SimpleTransaction, tables: Tables): number | undefined {
  const failed = conditions.findIndex((holds) => holds(tables) !== true)
  if (failed >= 0) return failed
  for (const write of writes) write(tables)
  return undefined
}

function conditionOf(term: unknown, access: Access): Step {
  const [kind, table, key, fields, ...rest] = elementsOf(term)
  if (rest.length > 0) throw invalid(term)
  const name = exposedTable(access, table, 'read')
  switch (kind) {
    case 'absent':
      return (tables) => tableOf(tables, name).has(key) === false
    case 'present':
      return (tables) => tableOf(tables, name).has(key)
    case 'matches': {
      const wanted = Object.entries(rowOfTerm(fields))
      return (tables) => {
        const row = tableOf(tables, name).get(key) as Record<string, unknown> | undefined
        return row !== undefined && wanted.every(([field, value]) => equals(row[field], value))
      }
    }
    default:
      throw invalid(term)
  }
}

function writeOf(term: unknown, access: Access): Step {
  const [kind, table, subject, extra, ...rest] = elementsOf(term)
  if (rest.length > 0) throw invalid(term)
  const name = exposedTable(access, table, 'write')
  switch (kind) {
    case 'put': {
      const row = rowOfTerm(subject)
      const options = extra === undefined ? {} : { ttl: extra as number }
      return (tables) => tableOf(tables, name).put(row, options)
    }
    case 'delete':
      return (tables) => tableOf(tables, name).delete(subject)
    case 'increment':
      return (tables) => {
        const counters = tableOf(tables, name)
        if (counters.increment === undefined) throw new TablesError('OPTION_INVALID', `table ${name} has no counters`)
        counters.increment(subject, (extra ?? 1) as number)
      }
    case 'clear':
      return (tables) => tableOf(tables, name).clear()
    default:
      throw invalid(term)
  }
}

function elementsOf(term: unknown): readonly unknown[] {
  if (!(term instanceof Tuple) || !(term.elements[0] instanceof Atom)) throw invalid(term)
  return [term.elements[0].name, ...term.elements.slice(1)]
}

function listOf(term: unknown, what: string): readonly unknown[] {
  if (Array.isArray(term) && term.length <= STEPS_MAX) return term
  throw new TablesError('TRANSACTION_INVALID', `${what} of a transaction are a list of at most ${STEPS_MAX}`)
}

function tableOf(tables: Tables, name: string): TransactedTable {
  return tables[name] as TransactedTable
}

function invalid(term: unknown): TablesError {
  return new TablesError(
    'TRANSACTION_INVALID',
    `${String(term)} is neither a condition ({absent, Table, Key}, {present, Table, Key}, {matches, Table, Key, Fields}) nor a write ({put, Table, Row}, {put, Table, Row, TtlMs}, {delete, Table, Key}, {increment, Table, Key, By}, {clear, Table})`,
  )
}
