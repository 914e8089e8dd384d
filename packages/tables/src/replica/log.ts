import assert from 'node:assert/strict'
import type { Entry, Position } from './entry.ts'

/** The entries that are still needed: in order, without gaps, after a base that all of the view have applied. */
export class Log {
  #base: Position
  /** Those before `#start` are forgotten; they are dropped many at a time. */
  #entries: (Entry | undefined)[] = []
  #start = 0

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

  at(index: number): Entry | undefined {
    return index > this.#base.index ? this.#entries[this.#place(index)] : undefined
  }

  /** The epoch of the entry there, the base included. */
  epochAt(index: number): number | undefined {
    return index === this.#base.index ? this.#base.epoch : this.at(index)?.epoch
  }

  /** Up to `entriesMax` entries from `index` on. */
  from(index: number, entriesMax = Number.POSITIVE_INFINITY): Entry[] {
    assert.ok(index > this.#base.index, `entry ${index} is gone; the log begins after ${this.#base.index}`)
    const place = this.#place(index)
    return this.#entries.slice(place, place + entriesMax) as Entry[]
  }

  append(entry: Entry): void {
    assert.equal(entry.index, this.lastIndex + 1, 'the log has no gaps')
    this.#entries.push(entry)
  }

  /** Drops what lies beyond `index`. */
  cut(index: number): void {
    this.#entries.length = this.#place(Math.max(index, this.#base.index) + 1)
  }

  /** Forgets everything up to and with `index`. */
  forget(index: number): void {
    const epoch = this.epochAt(index)
    if (index <= this.#base.index || epoch === undefined) return
    const start = this.#place(index) + 1
    this.#entries.fill(undefined, this.#start, start)
    this.#start = start
    this.#base = { index, epoch }
    if (this.#start * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#start)
    this.#start = 0
  }

  #place(index: number): number {
    return this.#start + index - this.#base.index - 1
  }
}
