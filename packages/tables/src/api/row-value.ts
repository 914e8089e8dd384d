import { types } from 'node:util'
import { EncodeError, encode } from '@tiebeam/etf'
import { TablesError } from '../errors.ts'
import type { Row } from '../store/write.ts'

const DEPTH_MAX = 200
/** With more, V8 makes a dictionary of an object that fields are set in by name. */
const FIELDS_SET_MAX = 12

/**
 * A copy of a row to be kept, which whoever wrote it can no longer change. Only values that have a term, and come back from it as
 * they were, can be replicated.
 * @throws TablesError `ROW_INVALID` with the path to the fault
 */
export function rowValue(row: unknown, table: string): Row {
  if (!isPlain(row)) throw fault(table, '', `is ${nameOf(row)}, not a plain object`)
  return copyObject(row as Row, table, '', 0)
}

/** What is given away of a row with values that cannot be frozen. */
export function copyOfRow(row: Row): Row {
  return copyObject(row, '', '', 0)
}

function copyOf(value: unknown, table: string, path: string, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw fault(table, path, 'is a string with half a surrogate pair')
      return value
    case 'number':
      if (!Number.isFinite(value)) throw fault(table, path, `is ${value}, which has no term`)
      return value
    case 'object':
      if (value === null) return null
      if (depth >= DEPTH_MAX) throw fault(table, path, `is nested deeper than ${DEPTH_MAX} levels, or contains itself`)
      return copyOfObject(value, table, path, depth + 1)
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return value
    default:
      throw fault(table, path, `is a ${typeof value}, which has no term`)
  }
}

function copyOfObject(value: object, table: string, path: string, depth: number): unknown {
  if (isPlain(value)) return copyObject(value as Row, table, path, depth)
  if (Array.isArray(value)) {
    return Array.from(value, (element: unknown, place) => copyOf(element, table, `${path}[${place}]`, depth))
  }
  if (types.isUint8Array(value)) return Uint8Array.from(value)
  if (types.isDate(value)) {
    if (Number.isNaN(Number(value))) throw fault(table, path, 'is an invalid date')
    return new Date(value)
  }
  if (types.isSet(value)) return new Set(Array.from(value, (one) => copyOf(one, table, `${path}.values`, depth)))
  if (types.isMap(value)) return copyMap(value, table, path, depth)
  return termOf(value, table, path)
}

function copyObject(value: Row, table: string, path: string, depth: number): Row {
  const fields = Object.keys(value)
  const kept = (field: string): unknown => copyOf(value[field], table, `${path}.${field}`, depth)
  // What a spread makes takes three times the memory once it is frozen; so does an object that many fields were set in one by one.
  if (fields.length > FIELDS_SET_MAX || fields.includes('__proto__')) {
    return Object.fromEntries(fields.map((field) => [field, kept(field)]))
  }
  const copy: Record<string, unknown> = {}
  for (const field of fields) copy[field] = kept(field)
  return copy
}

function copyMap(
  map: ReadonlyMap<unknown, unknown>,
  table: string,
  path: string,
  depth: number,
): Map<unknown, unknown> {
  const copy = new Map<unknown, unknown>()
  let isText = true
  for (const [key, value] of map) {
    if (typeof key !== 'string') isText = false
    copy.set(copyOf(key, table, `${path}.keys`, depth), copyOf(value, table, `${path}.values`, depth))
  }
  if (isText) throw fault(table, path, 'is a Map without keys other than strings; take a plain object instead')
  return copy
}

/** A value of the term format's own classes: those do not change. */
function termOf(value: object, table: string, path: string): object {
  try {
    encode(value)
    return value
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error
    throw fault(table, path, `cannot be replicated: ${error.message}`, error)
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return `an instance of ${value.constructor?.name ?? 'a class'}`
}

function fault(table: string, path: string, what: string, cause?: unknown): TablesError {
  return new TablesError('ROW_INVALID', `table ${table}: row${path} ${what}`, { cause })
}
