import { type Key, type MapKey, mapKeyOf } from '../../store/key.ts'
import { type Entry, writesOf } from '../entry.ts'
import type { Log } from '../log.ts'

/** Below this many rows, those of entries that are forgotten do no harm. */
const ROWS_MIN = 1024

/** Which entry of the log wrote a row last, so that a read of a row is checked at once, however far its reader lags behind. */
export class LastWrites {
  readonly #log: Log
  readonly #rows = new Map<string, Map<MapKey, number>>()
  readonly #cleared = new Map<string, number>()
  #count = 0
  /** Twice as many as the log had when it was last gone through: so each row of it costs a few steps, whatever the entries are like. */
  #countMax = ROWS_MIN

  constructor(log: Log) {
    this.#log = log
    this.#rebuild()
  }

  add(entry: Entry): void {
    this.#take(entry)
    if (this.#count > this.#countMax) this.#rebuild()
  }

  /** The index of the entry; 0, when it is none that is kept. */
  of(table: string, key: Key): number {
    return Math.max(this.#rows.get(table)?.get(mapKeyOf(key)) ?? 0, this.#cleared.get(table) ?? 0)
  }

  #take(entry: Entry): void {
    for (const write of writesOf(entry)) {
      if (write.type === 'clear') this.#cleared.set(write.table, entry.index)
      else this.#set(write.table, write.key, entry.index)
    }
  }

  #set(table: string, key: Key, index: number): void {
    let rows = this.#rows.get(table)
    if (rows === undefined) {
      rows = new Map()
      this.#rows.set(table, rows)
    }
    const before = rows.size
    rows.set(mapKeyOf(key), index)
    this.#count += rows.size - before
  }

  #rebuild(): void {
    this.#rows.clear()
    this.#cleared.clear()
    this.#count = 0
    for (const entry of this.#log.from(this.#log.base.index + 1)) this.#take(entry)
    this.#countMax = Math.max(ROWS_MIN, this.#count * 2)
  }
}
