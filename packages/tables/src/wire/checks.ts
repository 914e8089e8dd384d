/** Names of nodes, uids, identities, tables. Longer ones are nobody's. */
const NAME_CHARACTERS_MAX = 512
const TEXTS_MAX = 10_000

export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= NAME_CHARACTERS_MAX
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** A length of time in milliseconds. */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
}

export function isOptional(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value)
}

export function isListOf(value: unknown, check: (value: unknown) => boolean): value is unknown[] {
  if (!Array.isArray(value)) return false
  for (const element of value) if (!check(element)) return false
  return true
}

export function isNames(value: unknown): boolean {
  return isListOf(value, isName) && value.length <= TEXTS_MAX
}
