import { compareKeys, isKey, type Key, mapKeyOf } from './key.ts'
import type { Row, Write } from './write.ts'

/** One end of a range. */
export interface Bound {
  readonly key: Key
  readonly inclusive: boolean
}

/** Undefined ends are open. */
export interface Range {
  readonly from?: Bound
  readonly to?: Bound
}

/**
 * What a transaction has looked at, described so that a later write can be seen to change it, also where nothing was found.
 *
 * A look-up in an index names the *fields*, not the index, so that a primary of another release, which may not know that index, can
 * judge it. It stands for rows that might come to be found; each row that was found is a `row` of its own.
 */
export type Read =
  | { readonly type: 'row'; readonly table: string; readonly key: Key }
  | { readonly type: 'range'; readonly table: string; readonly range: Range }
  | { readonly type: 'index'; readonly table: string; readonly fields: readonly string[]; readonly range: Range }

/** Whether what was read may be different after the write. */
export function touches(write: Write, read: Read): boolean {
  if (write.table !== read.table) return false
  if (write.type === 'clear') return true
  switch (read.type) {
    case 'row':
      return mapKeyOf(write.key) === mapKeyOf(read.key)
    case 'range':
      return isWithin(write.key, read.range)
    case 'index': {
      if (write.type === 'delete') return false
      const key = indexKeyOf(write.row, read.fields)
      return key !== undefined && isWithin(key, read.range)
    }
  }
}

export function isWithin(key: Key, range: Range): boolean {
  if (range.from !== undefined) {
    const order = compareKeys(key, range.from.key)
    if (order < 0 || (order === 0 && !range.from.inclusive)) return false
  }
  if (range.to !== undefined) {
    const order = compareKeys(key, range.to.key)
    if (order > 0 || (order === 0 && !range.to.inclusive)) return false
  }
  return true
}

/** The range of a single key. */
export function exactly(key: Key): Range {
  return { from: { key, inclusive: true }, to: { key, inclusive: true } }
}

/** What a row is found under in an index over these fields; undefined, when one of them holds nothing that can be a key. */
export function indexKeyOf(row: Row, fields: readonly string[]): Key | undefined {
  const parts: Key[] = []
  for (const field of fields) {
    const value = row[field]
    if (!isKey(value)) return undefined
    parts.push(value)
  }
  return parts.length === 1 ? parts[0] : parts
}
