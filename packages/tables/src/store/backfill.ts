import type { Key, MapKey } from './key.ts'
import type { Row } from './write.ts'

export interface BackfillInit {
  /** Those of the table, in the order in which they came: what is written meanwhile changes what is met. */
  readonly rows: ReadonlyMap<MapKey, Row>
  readonly keyOf: (name: MapKey, row: Row) => Key
  /** Called once for each row that was there at the start and still is, perhaps for others. */
  readonly add: (key: Key, row: Row) => void
}

/**
 * Fills an order or an index that a table is given with the rows that it has already, some at a time: for a million rows all at once
 * would take seconds, in which a replica could not be heard. Rows that are written meanwhile are added by whoever writes them.
 */
export class Backfill {
  readonly #init: BackfillInit
  readonly #rows: Iterator<[MapKey, Row]>
  /** Rows that come later stand behind those that were there, so that many steps are enough. */
  #left: number

  constructor(init: BackfillInit) {
    this.#init = init
    this.#rows = init.rows.entries()
    this.#left = init.rows.size
  }

  get isDone(): boolean {
    return this.#left === 0
  }

  /** Returns how many rows it took. */
  step(rowsMax: number): number {
    const { keyOf, add } = this.#init
    const count = Math.min(rowsMax, this.#left)
    this.#left -= count
    for (let taken = 0; taken < count; taken += 1) {
      const { done, value } = this.#rows.next()
      if (done) {
        this.#left = 0
        return taken
      }
      const [name, row] = value
      add(keyOf(name, row), row)
    }
    return count
  }
}
