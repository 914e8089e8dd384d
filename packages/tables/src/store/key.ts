/** What a row is found by; compound keys are arrays. NaN is no key. */
export type Key = string | number | bigint | boolean | readonly Key[]

/** Keys may hold keys; so deep they are nobody's. */
const KEY_DEPTH_MAX = 16

/** A key that is no list. */
export function isKeyPart(value: unknown): value is string | number | bigint | boolean {
  switch (typeof value) {
    case 'string':
    case 'bigint':
    case 'boolean':
      return true
    case 'number':
      return !Number.isNaN(value)
    default:
      return false
  }
}

export function isKey(value: unknown, depth = 0): value is Key {
  if (isKeyPart(value)) return true
  return depth < KEY_DEPTH_MAX && Array.isArray(value) && value.every((part) => isKey(part, depth + 1))
}

/** What a `Map` can hold a key under: equal for equal keys, and for no others. */
export type MapKey = string | number | bigint | boolean

const ESCAPE = '\u0000'

export function mapKeyOf(key: Key): MapKey {
  if (typeof key === 'string') return key.startsWith(ESCAPE) ? `${ESCAPE}s${key}` : key
  if (typeof key !== 'object') return key
  return `${ESCAPE}[${key.map(textOf).join('')}`
}

/** The key that is its own name in a map; undefined for the others. */
export function spelledKeyOf(name: MapKey): Key | undefined {
  return typeof name === 'string' && name.startsWith(ESCAPE) ? undefined : name
}

/** Each part says where it ends, so that no two lists of parts have the same text. */
function textOf(key: Key): string {
  switch (typeof key) {
    case 'string':
      return `s${key.length}:${key}`
    case 'number':
      return `n${key};`
    case 'bigint':
      return `i${key};`
    case 'boolean':
      return key ? 't' : 'f'
    default:
      return `[${key.map(textOf).join('')}]`
  }
}

/** A total order: booleans, then numbers (with bigints, by value), then strings by code units, then arrays part by part. */
export function compareKeys(left: Key, right: Key): number {
  // By far the most: the rest is slower.
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : left > right ? 1 : 0
  const rank = rankOf(left) - rankOf(right)
  if (rank !== 0) return rank
  if (typeof left === 'object' && typeof right === 'object') return compareArrays(left, right)
  if (left < right) return -1
  if (left > right) return 1
  // 1 and 1n are equal by value, and yet two keys.
  return typeof left === typeof right ? 0 : typeof left === 'number' ? -1 : 1
}

function compareArrays(left: readonly Key[], right: readonly Key[]): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const order = compareKeys(left[index] as Key, right[index] as Key)
    if (order !== 0) return order
  }
  return left.length - right.length
}

function rankOf(key: Key): number {
  switch (typeof key) {
    case 'boolean':
      return 0
    case 'number':
    case 'bigint':
      return 1
    case 'string':
      return 2
    default:
      return 3
  }
}
