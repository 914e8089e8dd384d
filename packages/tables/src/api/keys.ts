import { createHash } from 'node:crypto'
import { keyOf as termKeyOf } from '@tiebeam/etf'
import { TablesError } from '../errors.ts'
import { isKeyPart, type Key } from '../store/key.ts'
import { exactly, type Range } from '../store/read.ts'
import type { Row } from '../store/write.ts'
import type { TableDefinition } from './definition.ts'
import type { RangeOptions } from './row-types.ts'

/** Enough that two rows of one key never share it. */
const DIGEST_BYTES = 15

/** How rows of one table are named. */
export class Keys {
  readonly #table: string
  readonly #fields: readonly string[]
  readonly #isBag: boolean

  constructor(table: string, { kind, key }: TableDefinition) {
    this.#table = table
    this.#fields = key
    this.#isBag = kind === 'bag'
  }

  /** A key as a caller gives it. @throws TablesError `KEY_INVALID` */
  check(key: unknown): Key {
    if (this.#fields.length === 1) {
      if (isKeyPart(key)) return key
    } else if (Array.isArray(key) && key.length === this.#fields.length && key.every(isKeyPart)) {
      // Kept until the transaction ends, whatever becomes of the caller's.
      return [...key]
    }
    throw this.#invalid(`${nameOf(key)} is no key`)
  }

  /** The key in the fields of a row. @throws TablesError `KEY_INVALID` */
  of(row: Row): Key {
    const { length } = this.#fields
    return length === 1
      ? this.#part(row, this.#fields[0] as string)
      : this.#fields.map((field) => this.#part(row, field))
  }

  #part(row: Row, field: string): Key {
    const part = row[field]
    if (!isKeyPart(part)) throw this.#invalid(`a row has ${nameOf(part)} in its field ${field}`)
    return part
  }

  /**
   * What the row is kept under. In a bag, rows of one key are told apart by all that they hold; members of different releases must
   * agree on it.
   */
  keptUnder(row: Row): Key {
    const key = this.of(row)
    if (!this.#isBag) return key
    const digest = createHash('sha256').update(termKeyOf(row)).digest().subarray(0, DIGEST_BYTES).toString('base64')
    return [key, digest]
  }

  #invalid(what: string): TablesError {
    const wanted =
      this.#fields.length === 1
        ? `the key of table ${this.#table} is the field ${this.#fields[0]}`
        : `the key of table ${this.#table} is a list of the fields ${this.#fields.join(', ')}`
    return new TablesError(
      'KEY_INVALID',
      `${what}; ${wanted}, and keys are strings, numbers, bigints or booleans, in the order of the fields`,
    )
  }
}

/** Bounds as a caller gives them. @throws TablesError `KEY_INVALID` */
export function rangeOf(bounds: RangeOptions<unknown>, table: string): Range {
  const { gt, gte, lt, lte } = bounds
  const from = gt ?? gte
  const to = lt ?? lte
  return {
    ...(from === undefined ? {} : { from: { key: boundOf(from, table), inclusive: gt === undefined } }),
    ...(to === undefined ? {} : { to: { key: boundOf(to, table), inclusive: lt === undefined } }),
  }
}

/** A value to look for in an index, or bounds. */
export function lookUpOf(value: unknown, table: string): Range {
  const isBounds = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isBounds ? rangeOf(value as RangeOptions<unknown>, table) : exactly(boundOf(value, table))
}

function boundOf(value: unknown, table: string): Key {
  if (isKeyPart(value) || (Array.isArray(value) && value.every(isKeyPart))) return value
  throw new TablesError(
    'KEY_INVALID',
    `table ${table} was asked for ${nameOf(value)}; what rows are found by are strings, numbers, bigints and booleans, or lists of them`,
  )
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(nameOf).join(', ')}]`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
