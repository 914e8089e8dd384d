import { types } from 'node:util'
import { nameOf } from './structs.ts'
import { type Atom, atom } from './values/atom.ts'

export interface ConversionOptions {
  /** Also convert the maps within lists and within values of the map. Default false. */
  deep?: boolean
}

/**
 * A map with atoms as keys, as Elixir and Erlang like them, from the properties of a plain object.
 * @throws EncodeError `ETF_ATOM_LENGTH` for a key that is too long for an atom
 */
export function atomKeys(object: object, options: ConversionOptions = {}): Map<Atom, unknown> {
  const map = new Map<Atom, unknown>()
  for (const [name, value] of Object.entries(object))
    map.set(atom(name), options.deep === true ? deepAtomKeys(value) : value)
  return map
}

function deepAtomKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepAtomKeys)
  return isPlainObject(value) ? atomKeys(value, { deep: true }) : value
}

/**
 * A plain object from a map whose keys are atoms or strings: what a BEAM node sent as `%{name: "Ada", age: 36}` becomes
 * `{ name: 'Ada', age: 36 }`. A plain object is copied.
 * @throws TypeError when a key is neither, or when two keys have the same name: nothing is lost silently
 */
export function toObject(
  map: ReadonlyMap<unknown, unknown> | object,
  options: ConversionOptions = {},
): Record<string, unknown> {
  const object = new Map<string, unknown>()
  for (const [key, value] of types.isMap(map) ? map : Object.entries(map)) {
    const name = nameOf(key)
    if (name === undefined) throw new TypeError(`a key of an object is an atom or a string, not ${String(key)}`)
    if (object.has(name))
      throw new TypeError(`two keys of the map have the name ${JSON.stringify(name)}: read it with get() instead`)
    object.set(name, options.deep === true ? deepToObject(value) : value)
  }
  return Object.fromEntries(object)
}

/** Maps with other keys stay maps. */
function deepToObject(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepToObject)
  if (isPlainObject(value)) return toObject(value, { deep: true })
  if (!types.isMap(value)) return value
  const names = [...value.keys()].map(nameOf)
  if (!names.includes(undefined) && new Set(names).size === names.length) return toObject(value, { deep: true })
  return new Map([...value].map(([key, inner]) => [key, deepToObject(inner)]))
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
