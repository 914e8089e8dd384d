import assert from 'node:assert/strict'
import type { Entry, Position } from './entry.ts'

/** The entries that are still needed: in order, without gaps, after a base that all of the view have applied. */
export class Log {
  #base: Position
  #entries: Entry[] = []

  constructor(base: Position = { index: 0, epoch: 0 }) {
    this.#base = base
  }

  /** The last entry that is no longer kept. */
  get base(): Position {
    return this.#base
  }

  get lastIndex(): number {
    return this.#base.index + this.#entries.length
  }

  get length(): number {
    return this.#entries.length
  }

  at(index: number): Entry | undefined {
    return this.#entries[index - this.#base.index - 1]
  }

  /** The epoch of the entry there, the base included. */
  epochAt(index: number): number | undefined {
    return index === this.#base.index ? this.#base.epoch : this.at(index)?.epoch
  }

  /** Up to `entriesMax` entries from `index` on. */
  from(index: number, entriesMax = Number.POSITIVE_INFINITY): Entry[] {
    assert.ok(index > this.#base.index, `entry ${index} is gone; the log begins after ${this.#base.index}`)
    const start = index - this.#base.index - 1
    return this.#entries.slice(start, start + entriesMax)
  }

  append(entry: Entry): void {
    assert.equal(entry.index, this.lastIndex + 1, 'the log has no gaps')
    this.#entries.push(entry)
  }

  /** Drops what lies beyond `index`. */
  cut(index: number): void {
    this.#entries.length = Math.max(0, index - this.#base.index)
  }

  /** Forgets everything up to and with `index`. */
  forget(index: number): void {
    const epoch = this.epochAt(index)
    if (index <= this.#base.index || epoch === undefined) return
    this.#entries = this.#entries.slice(index - this.#base.index)
    this.#base = { index, epoch }
  }
}
