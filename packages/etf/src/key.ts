import { isUtf8 } from 'node:buffer'
import { types } from 'node:util'
import { calendar, dateFields, dateStruct, setStruct, utcAbbreviation, utcZone } from './dates.ts'
import { EncodeError } from './errors.ts'
import { defaultDepthMax } from './limits.ts'
import type { Atom } from './values/atom.ts'
import type { BitString } from './values/bit-string.ts'
import type { Binary, Float, LocalTerm } from './values/exact.ts'
import type { ExportFun, Fun } from './values/fun.ts'
import type { Pid, Port, Reference } from './values/identifiers.ts'
import type { ImproperList } from './values/improper-list.ts'
import { type Kind, kindOf } from './values/kind.ts'
import type { Tuple } from './values/tuple.ts'

/**
 * A string that two values share exactly when they are the same term (`=:=`, as OTP 27 has it: 0.0 and -0.0 differ).
 * Use it as key of a Map where the keys are pids, tuples or other terms that are not interned.
 * Its form may change between releases: do not store it.
 * @throws EncodeError `ETF_NO_TERM` for what has no term, `ETF_DEPTH` for what is nested too deep or contains itself
 */
export function keyOf(value: unknown): string {
  try {
    return keyAt(value, 0)
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep()
    throw error
  }
}

function keyAt(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return textKey(value)
    case 'number':
      return numberKey(value)
    case 'bigint':
      return `i${value}`
    case 'boolean':
      return value ? 'a4:true' : 'a5:false'
    case 'undefined':
      return 'a9:undefined'
    case 'object':
      return value === null ? 'a3:nil' : objectKey(value, depth + 1)
    default:
      throw new EncodeError('ETF_NO_TERM', '$', `a ${typeof value} has no term, and so no key`)
  }
}

function numberKey(value: number): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return `i${value}`
  if (!Number.isFinite(value)) throw new EncodeError('ETF_NO_TERM', '$', `${value} has no term, and so no key`)
  return floatKey(value)
}

function floatKey(value: number): string {
  return Object.is(value, -0) ? 'f-0' : `f${value}`
}

/** The length in front makes keys unmistakable wherever they are joined. */
function textKey(text: string): string {
  return `b${text.length}:${text}`
}

function bytesKey(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return isUtf8(view) ? textKey(view.toString()) : `x${view.toString('hex')}`
}

function atomKey(name: string): string {
  return `a${name.length}:${name}`
}

function objectKey(value: object, depth: number): string {
  if (depth > 4 * defaultDepthMax) throw tooDeep()
  if (Array.isArray(value)) return `[${joined(value, depth)}]`
  const kind = kindOf(value)
  if (kind !== undefined) return classKey(kind, value, depth)
  if (types.isMap(value)) return mapKey(value, depth)
  if (types.isSet(value)) return setKey(value, depth)
  if (types.isUint8Array(value)) return bytesKey(value)
  if (types.isDate(value)) return dateKey(value)
  return mapKey(new Map(Object.entries(value)), depth)
}

function joined(values: Iterable<unknown>, depth: number): string {
  const keys: string[] = []
  for (const value of values) keys.push(keyAt(value, depth))
  return keys.join(',')
}

/** Maps are equal whatever the order of their keys. */
function mapKey(map: ReadonlyMap<unknown, unknown>, depth: number): string {
  const entries: string[] = []
  for (const [key, value] of map) entries.push(`${keyAt(key, depth)}=${keyAt(value, depth)}`)
  return `{${entries.sort().join(',')}}`
}

function setKey(set: ReadonlySet<unknown>, depth: number): string {
  const members: string[] = []
  for (const member of set) members.push(`${keyAt(member, depth)}=[]`)
  return structKey(setStruct, { map: `{${members.sort().join(',')}}`, version: 'i2' })
}

function dateKey(date: Date): string {
  const { microsecond, ...fields } = dateFields(date)
  return structKey(dateStruct, {
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, numberKey(value)])),
    calendar: atomKey(calendar),
    microsecond: `t(i${microsecond},i3)`,
    std_offset: 'i0',
    time_zone: textKey(utcZone),
    utc_offset: 'i0',
    zone_abbr: textKey(utcAbbreviation),
  })
}

function structKey(name: string, fields: Record<string, string>): string {
  const entries = Object.entries({ ...fields, __struct__: atomKey(name) })
  return `{${entries
    .map(([field, key]) => `${atomKey(field)}=${key}`)
    .sort()
    .join(',')}}`
}

function classKey(kind: Kind, value: object, depth: number): string {
  switch (kind) {
    case 'atom':
      return atomKey((value as Atom).name)
    case 'tuple':
      return `t(${joined((value as Tuple).elements, depth)})`
    case 'pid': {
      const { node, id, serial, creation } = value as Pid
      return `p(${id}.${serial}.${creation}${atomKey(node)})`
    }
    case 'reference': {
      const { node, creation, ids } = value as Reference
      return `r(${ids.join('.')}.${creation}${atomKey(node)})`
    }
    case 'port': {
      const { node, id, creation } = value as Port
      return `o(${id}.${creation}${atomKey(node)})`
    }
    case 'fun':
      return funKey(value as Fun, depth)
    case 'exportFun': {
      const exported = value as ExportFun
      return `e(${exported.arity}${atomKey(exported.module)}${atomKey(exported.function)})`
    }
    case 'improperList': {
      const list = value as ImproperList
      return `[${joined(list.elements, depth)}|${keyAt(list.tail, depth)}]`
    }
    case 'bitString': {
      const bits = value as BitString
      return `y${bits.lastBits}.${Buffer.from(bits.bytes).toString('hex')}`
    }
    case 'binary':
      return bytesKey((value as Binary).bytes)
    case 'float':
      return floatKey((value as Float).value)
    case 'local':
      return `l${Buffer.from((value as LocalTerm).bytes).toString('hex')}`
  }
}

function funKey(fun: Fun, depth: number): string {
  const digest = fun.digest === undefined ? '' : Buffer.from(fun.digest).toString('hex')
  const numbers = [fun.arity, digest, fun.index, fun.oldIndex, fun.oldUnique].join('.')
  return `u(${numbers}${atomKey(fun.module)}${keyAt(fun.pid, depth)},${joined(fun.free, depth)})`
}

function tooDeep(): EncodeError {
  return new EncodeError('ETF_DEPTH', '$', 'the value is nested too deep for a key, or contains itself')
}
