import { calendar, dateFrom, dateStruct, setStruct, utcAbbreviation, utcZone } from './dates.ts'
import { Atom } from './values/atom.ts'
import { Tuple } from './values/tuple.ts'

/** The key that names the module of an Elixir struct. */
export const structField = Atom.intern('__struct__')
/** The field of a %MapSet{} that holds the members. */
export const mapField = Atom.intern('map')
const versionField = Atom.intern('version')
const setAtom = Atom.intern(setStruct)
const dateAtom = Atom.intern(dateStruct)
const calendarAtom = Atom.intern(calendar)
const [yearField, monthField, dayField] = ['year', 'month', 'day'].map(Atom.intern)
const [hourField, minuteField, secondField] = ['hour', 'minute', 'second'].map(Atom.intern)
const [microsecondField, calendarField, zoneField] = ['microsecond', 'calendar', 'time_zone'].map(Atom.intern)
const [abbreviationField, utcOffsetField, stdOffsetField] = ['zone_abbr', 'utc_offset', 'std_offset'].map(Atom.intern)

const dateSize = 13

export function isSetStruct(value: unknown): boolean {
  return value === setAtom
}

/**
 * The Date or Set that a struct of Elixir stands for, or undefined for every other map. A DateTime that is not in UTC, or
 * that counts microseconds, which a Date would lose, stays a map.
 */
export function structFrom(map: Map<unknown, unknown>): Date | Set<unknown> | undefined {
  const { size } = map
  if (size !== dateSize && size !== 2 && size !== 3) return undefined
  const struct = map.get(structField)
  if (struct === dateAtom && size === dateSize) return dateOf(map)
  if (struct === setAtom) return setOf(map)
  return undefined
}

function dateOf(map: Map<unknown, unknown>): Date | undefined {
  const isUtc =
    map.get(calendarField) === calendarAtom &&
    map.get(zoneField) === utcZone &&
    map.get(abbreviationField) === utcAbbreviation &&
    map.get(utcOffsetField) === 0 &&
    map.get(stdOffsetField) === 0
  const precise = map.get(microsecondField)
  if (!isUtc || !(precise instanceof Tuple) || precise.length !== 2) return undefined
  const [microsecond, digits] = precise.elements
  if (typeof digits !== 'number' || digits > 3) return undefined
  const fields = {
    year: map.get(yearField),
    month: map.get(monthField),
    day: map.get(dayField),
    hour: map.get(hourField),
    minute: map.get(minuteField),
    second: map.get(secondField),
    microsecond,
  }
  return dateFrom(fields as Parameters<typeof dateFrom>[0])
}

function setOf(map: Map<unknown, unknown>): Set<unknown> | undefined {
  const inner = map.get(mapField)
  if (typeof inner !== 'object' || inner === null) return undefined
  const members =
    inner instanceof Map ? inner : isPlain(inner) ? new Map<unknown, unknown>(Object.entries(inner)) : undefined
  const known = map.size === 2 || map.get(versionField) === 2
  if (known && members !== undefined && [...members.values()].every(isNil)) return new Set(members.keys())
  // The members were read as a Map in the hope of a Set; now they are what any other map would be.
  if (inner instanceof Map) map.set(mapField, structFrom(inner) ?? allText(inner) ?? inner)
  return undefined
}

function isNil(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype
}

function allText(map: Map<unknown, unknown>): Record<string, unknown> | undefined {
  return [...map.keys()].every((key) => typeof key === 'string') ? Object.fromEntries(map) : undefined
}

/** A plain object with the names of the map's atoms as keys; undefined if some key is no name, or two are the same name. */
export function textObject(map: ReadonlyMap<unknown, unknown>): Record<string, unknown> | undefined {
  const entries = new Map<string, unknown>()
  for (const [key, value] of map) {
    const name = nameOf(key)
    if (name === undefined || entries.has(name)) return undefined
    entries.set(name, value)
  }
  return Object.fromEntries(entries)
}

/** The text of a key that is a string, or the name of one that is an atom. */
export function nameOf(key: unknown): string | undefined {
  if (typeof key === 'string') return key
  if (key instanceof Atom) return key.name
  if (typeof key === 'boolean' || key === undefined) return String(key)
  return key === null ? 'nil' : undefined
}
