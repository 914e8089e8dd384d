import type { Key } from './key.ts'
import type { Row } from './write.ts'

/**
 * Where rows hold their own key. A key that came beside its row is another copy of the same values; the row's are kept for both, which
 * with a text for a key saves a fifth of the memory of a small row.
 */
export class RowKey {
  readonly #fields: readonly string[]

  constructor(fields: readonly string[]) {
    this.#fields = fields
  }

  /** The key in the row; undefined when that is another than the given one. */
  in(row: Row, key: Key): Key | undefined {
    const parts = typeof key === 'object' ? key : [key]
    const isCompound = this.#fields.length > 1
    if (isCompound !== (typeof key === 'object') || parts.length !== this.#fields.length) return undefined
    return this.#fields.every((field, place) => row[field] === parts[place]) ? this.of(row) : undefined
  }

  /** The key in a row that was found to have it. */
  of(row: Row): Key {
    const parts = this.#fields.map((field) => row[field] as Key)
    return parts.length > 1 ? parts : (parts[0] as Key)
  }

  /** Gives a row that takes the place of another the texts of the other's key, which are kept on; not one that is frozen. */
  share(row: Row, before: Row): void {
    if (Object.isFrozen(row)) return
    for (const field of this.#fields) {
      const value = before[field]
      if (typeof value === 'string' && value === row[field]) (row as Record<string, unknown>)[field] = value
    }
  }
}
