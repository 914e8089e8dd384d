import assert from 'node:assert/strict'
import type { Entry, Position } from './entry.ts'
import { bytesOfEntry } from './entry-bytes.ts'

/** The entries that are still needed: in order, without gaps, after a base that all of the view have applied. */
export class Log {
  #base: Position
  /** Those before `#start` are forgotten; they are dropped many at a time. */
  #entries: (Entry | undefined)[] = []
  /** For each entry, the bytes of all up to and with it that were ever appended. */
  #ends: number[] = []
  #start = 0
  #baseEnd = 0

  constructor(base: Position = { index: 0, epoch: 0 }) {
    this.#base = base
  }

  /** The last entry that is no longer kept. */
  get base(): Position {
    return this.#base
  }

  get lastIndex(): number {
    return this.#base.index + this.length
  }

  get length(): number {
    return this.#entries.length - this.#start
  }

  /** About the memory of the entries. */
  get bytes(): number {
    return this.bytesBetween(this.#base.index, this.lastIndex)
  }

  at(index: number): Entry | undefined {
    return index > this.#base.index ? this.#entries[this.#place(index)] : undefined
  }

  /** The epoch of the entry there, the base included. */
  epochAt(index: number): number | undefined {
    return index === this.#base.index ? this.#base.epoch : this.at(index)?.epoch
  }

  /** About the memory of the entries after one, up to and with another. */
  bytesBetween(after: number, upTo: number): number {
    return this.#endAt(upTo) - this.#endAt(after)
  }

  /** Up to `entriesMax` entries from `index` on; of more than one, none that goes beyond `bytesMax`. */
  from(index: number, entriesMax = Number.POSITIVE_INFINITY, bytesMax = Number.POSITIVE_INFINITY): Entry[] {
    assert.ok(index > this.#base.index, `entry ${index} is gone; the log begins after ${this.#base.index}`)
    const place = this.#place(index)
    let end = Math.min(place + entriesMax, this.#entries.length)
    if (bytesMax !== Number.POSITIVE_INFINITY) {
      const startBytes = this.#endAt(index - 1)
      while (end > place + 1 && (this.#ends[end - 1] as number) - startBytes > bytesMax) end -= 1
    }
    return this.#entries.slice(place, end) as Entry[]
  }

  append(entry: Entry): void {
    assert.equal(entry.index, this.lastIndex + 1, 'the log has no gaps')
    this.#ends.push((this.#ends.at(-1) ?? this.#baseEnd) + bytesOfEntry(entry))
    this.#entries.push(entry)
  }

  /** Drops what lies beyond `index`. */
  cut(index: number): void {
    const length = this.#place(Math.max(index, this.#base.index) + 1)
    this.#entries.length = length
    this.#ends.length = length
  }

  /** Forgets everything up to and with `index`, but for the last `entriesKept` entries, as far as these take at most `bytesKept`. */
  forget(index: number, entriesKept = 0, bytesKept = Number.POSITIVE_INFINITY): void {
    if (index > this.lastIndex) return
    let upTo = Math.max(Math.min(index, this.lastIndex - entriesKept), this.#base.index)
    // Each is forgotten once, so this is one step for each entry ever appended.
    while (upTo < index && this.bytesBetween(upTo, this.lastIndex) > bytesKept) upTo += 1
    this.#forget(upTo)
  }

  #forget(index: number): void {
    const epoch = this.epochAt(index)
    if (index <= this.#base.index || epoch === undefined) return
    const start = this.#place(index) + 1
    this.#baseEnd = this.#endAt(index)
    this.#entries.fill(undefined, this.#start, start)
    this.#start = start
    this.#base = { index, epoch }
    if (this.#start * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#start)
    this.#ends = this.#ends.slice(this.#start)
    this.#start = 0
  }

  #place(index: number): number {
    return this.#start + index - this.#base.index - 1
  }

  #endAt(index: number): number {
    return index <= this.#base.index ? this.#baseEnd : (this.#ends[this.#place(index)] as number)
  }
}
