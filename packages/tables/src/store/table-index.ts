import { compareKeys, type Key, type MapKey, mapKeyOf } from './key.ts'
import { OrderedKeys } from './ordered-keys.ts'
import { indexKeyOf, type Range } from './read.ts'
import type { Row } from './write.ts'

export interface IndexDefinition {
  /** The fields whose values rows are found by; a row that lacks one of them is not in the index. */
  readonly fields: readonly string[]
}

/** What rows are found by, other than their keys. */
export interface RowIndex {
  readonly fields: readonly string[]
  /** The keys of the rows whose value lies in the range: by value, and by key where values are equal. */
  find(range: Range, isReverse?: boolean): Iterable<Key>
  /** Whether several rows have one value; undefined while it is not known yet. */
  readonly hasShared: boolean | undefined
  /** A value that several rows have. It may have to be searched for. */
  sharedValue(): Key | undefined
}

/** Where several rows have one value; most values have one row, and it is kept as it is. */
type Keys = Key | Map<MapKey, Key>

/**
 * Finds the keys of rows by the values of some of their fields. A row may be added twice, or deleted though it was never added: while
 * an index is filled, nobody asks which rows are in it already.
 */
export class TableIndex implements RowIndex {
  readonly fields: readonly string[]
  readonly #keys = new Map<MapKey, Keys>()
  readonly #values = new OrderedKeys()
  #shared = 0
  /** The last that was seen to be; perhaps no longer. */
  #lastShared: Key | undefined

  constructor({ fields }: IndexDefinition) {
    this.fields = fields
  }

  isOver(fields: readonly string[]): boolean {
    return fields.length === this.fields.length && fields.every((field, place) => field === this.fields[place])
  }

  /** A row was written in place of another, or of none, or deleted. */
  replace(key: Key, before: Row | undefined, after: Row | undefined): void {
    const old = before === undefined ? undefined : indexKeyOf(before, this.fields)
    const value = after === undefined ? undefined : indexKeyOf(after, this.fields)
    if (old === undefined && value === undefined) return
    if (old !== undefined && value !== undefined && mapKeyOf(old) === mapKeyOf(value)) return
    if (old !== undefined) this.#delete(old, key)
    if (value !== undefined) this.#add(value, key)
  }

  add(key: Key, row: Row): void {
    this.replace(key, undefined, row)
  }

  clear(): void {
    this.#keys.clear()
    this.#values.clear()
    this.#shared = 0
    this.#lastShared = undefined
  }

  get hasShared(): boolean {
    return this.#shared > 0
  }

  /** The keys of the rows that have this value, in their order. */
  #at(value: Key): readonly Key[] {
    const keys = this.#keys.get(mapKeyOf(value))
    if (keys === undefined) return []
    return keys instanceof Map ? [...keys.values()].sort(compareKeys) : [keys]
  }

  *find(range: Range, isReverse = false): Generator<Key> {
    const { from, to } = range
    if (from !== undefined && from.key === to?.key && from.inclusive && to.inclusive) {
      // Of one value, by far the most.
      yield* isReverse ? this.#at(from.key).toReversed() : this.#at(from.key)
      return
    }
    for (const value of this.#values.range(range, isReverse)) {
      const keys = this.#at(value)
      yield* isReverse ? keys.toReversed() : keys
    }
  }

  sharedValue(): Key | undefined {
    if (!this.hasShared) return undefined
    const isShared = (value: Key): boolean => this.#keys.get(mapKeyOf(value)) instanceof Map
    if (this.#lastShared !== undefined && isShared(this.#lastShared)) return this.#lastShared
    for (const value of this.#values.range({})) {
      if (!isShared(value)) continue
      this.#lastShared = value
      return value
    }
    return undefined
  }

  #add(value: Key, key: Key): void {
    const name = mapKeyOf(value)
    const known = this.#keys.get(name)
    if (known === undefined) {
      this.#keys.set(name, key)
      this.#values.add(value)
    } else if (known instanceof Map) {
      known.set(mapKeyOf(key), key)
    } else if (!isSame(known, key)) {
      this.#keys.set(name, new Map([known, key].map((one) => [mapKeyOf(one), one])))
      this.#shared += 1
      this.#lastShared = value
    }
  }

  #delete(value: Key, key: Key): void {
    const name = mapKeyOf(value)
    const known = this.#keys.get(name)
    if (known instanceof Map) {
      known.delete(mapKeyOf(key))
      const [left] = known.values()
      if (known.size > 1 || left === undefined) return
      this.#keys.set(name, left)
      this.#shared -= 1
    } else if (known !== undefined && isSame(known, key)) {
      this.#keys.delete(name)
      this.#values.delete(value)
    }
  }
}

function isSame(left: Key, right: Key): boolean {
  return left === right || mapKeyOf(left) === mapKeyOf(right)
}
