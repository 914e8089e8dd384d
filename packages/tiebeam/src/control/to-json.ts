import { types } from 'node:util'
import { Atom, Pid, Port, Reference, Tuple } from '@tiebeam/distribution'

/**
 * A term, or any value, as JSON: atoms and identifiers are texts, tuples arrays, maps objects, whole numbers beyond 2^53 texts, bytes
 * arrays of numbers. `undefined` is null. Values may come from another realm, such as that of evaluated code.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(plain(value) ?? null, undefined, indent)
}

function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (value instanceof Atom) return value.name
  if (value instanceof Tuple) return [...value.elements].map(plain)
  if (types.isNativeError(value)) return value.message
  if (value instanceof Pid || value instanceof Port || value instanceof Reference) return String(value)
  if (types.isUint8Array(value)) return [...value]
  if (types.isMap(value)) return Object.fromEntries([...value].map(([key, each]) => [keyText(key), plain(each)]))
  if (types.isSet(value)) return [...value].map(plain)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object') return value
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON()
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

function keyText(key: unknown): string {
  if (typeof key === 'string') return key
  return key instanceof Atom ? key.name : (JSON.stringify(plain(key)) ?? 'null')
}
