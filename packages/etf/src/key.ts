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
  if (typeof value !== 'object' || value === null) return simpleKey(value)
  const parts: string[] = []
  writeObject(parts, value, depth + 1)
  return parts.length === 1 ? parts[0]! : parts.join('')
}

/** The parts are joined once, at the end: a string per level would cost the depth times the size. */
function write(parts: string[], value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) parts.push(simpleKey(value))
  else writeObject(parts, value, depth + 1)
}

function simpleKey(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return textKey(value)
    case 'number':
      return numberKey(value)
    case 'bigint':
      return bigintKey(value)
    case 'boolean':
      return value ? 'a4:true' : 'a5:false'
    case 'undefined':
      return 'a9:undefined'
    default:
      if (value === null) return 'a3:nil'
      throw new EncodeError('ETF_NO_TERM', '$', `a ${typeof value} has no term, and so no key`)
  }
}

function numberKey(value: number): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return `i${value}`
  if (!Number.isFinite(value)) throw new EncodeError('ETF_NO_TERM', '$', `${value} has no term, and so no key`)
  return floatKey(value)
}

/** In the safe range as a number has it; above in hexadecimal, since decimal takes the square of the length in time. */
function bigintKey(value: bigint): string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? `i${number}` : `i#${value.toString(16)}`
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

function writeObject(parts: string[], value: object, depth: number): void {
  if (depth > 4 * defaultDepthMax) throw tooDeep()
  const kind = kindOf(value)
  if (Array.isArray(value)) writeAll(parts, '[', value, ']', depth)
  else if (kind !== undefined) writeKind(parts, kind, value, depth)
  else if (types.isMap(value)) writeMap(parts, value, depth)
  else if (types.isSet(value)) parts.push(setKey(value, depth))
  else if (types.isUint8Array(value)) parts.push(bytesKey(value))
  else if (types.isDate(value)) parts.push(dateKey(value))
  else writeMap(parts, new Map(Object.entries(value)), depth)
}

function writeAll(parts: string[], before: string, values: Iterable<unknown>, after: string, depth: number): void {
  parts.push(before)
  for (const value of values) {
    write(parts, value, depth)
    parts.push(',')
  }
  parts.push(after)
}

/** Maps are equal whatever the order of their keys. */
function writeMap(parts: string[], map: ReadonlyMap<unknown, unknown>, depth: number): void {
  const keys: [string, unknown][] = []
  for (const [key, value] of map) keys.push([keyAt(key, depth), value])
  if (keys.length > 1) keys.sort(byKey)
  parts.push('{')
  for (const [key, value] of keys) {
    parts.push(key, '=')
    write(parts, value, depth)
    parts.push(',')
  }
  parts.push('}')
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** As the %MapSet{} that the set travels as. */
function setKey(set: ReadonlySet<unknown>, depth: number): string {
  const members = [...set].map((member) => keyAt(member, depth)).sort()
  return structKey(setStruct, { map: `{${members.map((member) => `${member}=[],`).join('')}}`, version: 'i2' })
}

function dateKey(date: Date): string {
  const { microsecond, ...fields } = dateFields(date)
  return structKey(dateStruct, {
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, numberKey(value)])),
    calendar: atomKey(calendar),
    microsecond: `t(i${microsecond},i3,)`,
    std_offset: 'i0',
    time_zone: textKey(utcZone),
    utc_offset: 'i0',
    zone_abbr: textKey(utcAbbreviation),
  })
}

function structKey(name: string, fields: Record<string, string>): string {
  const entries = Object.entries({ ...fields, __struct__: atomKey(name) })
  const sorted = entries.map(([field, key]) => [atomKey(field), key] as const).sort(byKey)
  return `{${sorted.map(([field, key]) => `${field}=${key},`).join('')}}`
}

function writeKind(parts: string[], kind: Kind, value: object, depth: number): void {
  switch (kind) {
    case 'tuple':
      writeAll(parts, 't(', (value as Tuple).elements, ')', depth)
      return
    case 'improperList':
      writeAll(parts, '[', (value as ImproperList).elements, '|', depth)
      write(parts, (value as ImproperList).tail, depth)
      parts.push(']')
      return
    case 'fun':
      writeFun(parts, value as Fun, depth)
      return
    default:
      parts.push(flatKey(kind, value))
  }
}

export function pidKey({ node, id, serial, creation }: Pid): string {
  return `p(${id}.${serial}.${creation}${atomKey(node)})`
}

export function referenceKey({ node, creation, ids }: Reference): string {
  // Nearly all have three words, and to join them takes longer.
  const words = ids.length === 3 ? `${ids[0]}.${ids[1]}.${ids[2]}` : ids.join('.')
  return `r(${words}.${creation}${atomKey(node)})`
}

/** Of the kinds that contain no other terms. */
function flatKey(kind: Exclude<Kind, 'tuple' | 'improperList' | 'fun'>, value: object): string {
  switch (kind) {
    case 'atom':
      return atomKey((value as Atom).name)
    case 'pid':
      return pidKey(value as Pid)
    case 'reference':
      return referenceKey(value as Reference)
    case 'port': {
      const { node, id, creation } = value as Port
      return `o(${id}.${creation}${atomKey(node)})`
    }
    case 'exportFun': {
      const exported = value as ExportFun
      return `e(${exported.arity}${atomKey(exported.module)}${atomKey(exported.function)})`
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

function writeFun(parts: string[], fun: Fun, depth: number): void {
  const digest = fun.digest === undefined ? '' : Buffer.from(fun.digest).toString('hex')
  const numbers = [fun.arity, digest, fun.index, fun.oldIndex, fun.oldUnique].join('.')
  parts.push(`u(${numbers}${atomKey(fun.module)}`)
  write(parts, fun.pid, depth)
  writeAll(parts, '[', fun.free, '])', depth)
}

function tooDeep(): EncodeError {
  return new EncodeError('ETF_DEPTH', '$', 'the value is nested too deep for a key, or contains itself')
}
