import { compareKeys, type Key } from './key.ts'
import { indexKeyOf, isWithin, type Range } from './read.ts'
import type { KeyedRow } from './table.ts'
import type { RowIndex } from './table-index.ts'

/** Stands in for an index that is not filled yet, and finds the same by looking at all rows. */
export class IndexScan implements RowIndex {
  readonly fields: readonly string[]
  readonly hasShared = undefined
  readonly #rows: () => Iterable<KeyedRow>

  constructor(fields: readonly string[], rows: () => Iterable<KeyedRow>) {
    this.fields = fields
    this.#rows = rows
  }

  find(range: Range, isReverse = false): Key[] {
    const found: { readonly value: Key; readonly key: Key }[] = []
    for (const { key, row } of this.#rows()) {
      const value = indexKeyOf(row, this.fields)
      if (value !== undefined && isWithin(value, range)) found.push({ value, key })
    }
    found.sort((left, right) => compareKeys(left.value, right.value) || compareKeys(left.key, right.key))
    const keys = found.map(({ key }) => key)
    return isReverse ? keys.reverse() : keys
  }

  sharedValue(): undefined {
    return undefined
  }
}
