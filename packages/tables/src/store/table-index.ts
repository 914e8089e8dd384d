import { compareKeys, type Key, type MapKey, mapKeyOf } from './key.ts'
import { OrderedKeys } from './ordered-keys.ts'
import { indexKeyOf, type Range } from './read.ts'
import type { Row } from './write.ts'

export interface IndexDefinition {
  /** The fields whose values rows are found by; a row that lacks one of them is not in the index. */
  readonly fields: readonly string[]
}

/** Finds the keys of rows by the values of some of their fields. */
export class TableIndex {
  readonly #fields: readonly string[]
  readonly #keys = new Map<MapKey, Map<MapKey, Key>>()
  readonly #values = new OrderedKeys()

  constructor({ fields }: IndexDefinition) {
    this.#fields = fields
  }

  add(key: Key, row: Row): void {
    const value = indexKeyOf(row, this.#fields)
    if (value === undefined) return
    const known = this.#keys.get(mapKeyOf(value))
    if (known !== undefined) {
      known.set(mapKeyOf(key), key)
      return
    }
    this.#keys.set(mapKeyOf(value), new Map([[mapKeyOf(key), key]]))
    this.#values.add(value)
  }

  delete(key: Key, row: Row): void {
    const value = indexKeyOf(row, this.#fields)
    if (value === undefined) return
    const keys = this.#keys.get(mapKeyOf(value))
    keys?.delete(mapKeyOf(key))
    if (keys?.size !== 0) return
    this.#keys.delete(mapKeyOf(value))
    this.#values.delete(value)
  }

  clear(): void {
    this.#keys.clear()
    this.#values.clear()
  }

  /** The keys of the rows whose value lies in the range: by value, and by key where values are equal. */
  *find(range: Range): Generator<Key> {
    for (const value of this.#values.range(range)) {
      const keys = this.#keys.get(mapKeyOf(value))
      if (keys !== undefined) yield* [...keys.values()].sort(compareKeys)
    }
  }
}
