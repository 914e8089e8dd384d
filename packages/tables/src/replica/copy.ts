import assert from 'node:assert/strict'
import type { Read } from '../store/read.ts'
import { touches } from '../store/read.ts'
import type { Store } from '../store/store.ts'
import { type Entry, type Position, writesOf } from './entry.ts'
import { Log } from './log.ts'
import { Outcomes } from './outcomes.ts'

/** What one process holds: the rows as far as they are applied, and the log around that point. */
export class Copy {
  /** Of which cluster; undefined while it holds nothing. */
  identity: string | undefined
  readonly log: Log
  readonly store: Store
  readonly outcomes = new Outcomes()
  #applied: number
  /** The rows were copied while writes went on: applied up to here they are of one point in time, before they are not. */
  wholeFrom: number

  constructor(identity: string | undefined, store: Store, base: Position = { index: 0, epoch: 0 }) {
    this.identity = identity
    this.store = store
    this.log = new Log(base)
    this.#applied = base.index
    this.wholeFrom = base.index
  }

  /** Index of the last applied entry. Rule 6, apply only what is committed: it never goes back. */
  get applied(): number {
    return this.#applied
  }

  get position(): Position {
    return { index: this.#applied, epoch: this.log.epochAt(this.#applied) ?? 0 }
  }

  get isWhole(): boolean {
    return this.#applied >= this.wholeFrom
  }

  /** The same rows and outcomes as the beginning of another cluster, whose first view comes after `epoch`. */
  inCluster(identity: string, epoch: number): Copy {
    const copy = new Copy(identity, this.store, { index: this.#applied, epoch })
    copy.outcomes.load(this.outcomes.records())
    return copy
  }

  /** Applies up to `index`, and returns what was new. */
  applyUpTo(index: number, nowMs: number): Entry[] {
    const entries: Entry[] = []
    while (this.#applied < Math.min(index, this.log.lastIndex)) {
      const entry = this.log.at(this.#applied + 1)
      assert.ok(entry !== undefined)
      for (const write of writesOf(entry)) this.store.apply(write, nowMs)
      this.outcomes.apply(entry)
      this.#applied += 1
      entries.push(entry)
    }
    return entries
  }

  /** Puts an entry of the primary into its place, and drops what stood there of an older epoch, with all after it. */
  place(entry: Entry): void {
    const { log } = this
    if (entry.index <= log.base.index) return
    const held = log.epochAt(entry.index)
    if (held === entry.epoch) return
    if (held !== undefined) {
      assert.ok(entry.index > this.#applied, `entry ${entry.index} would be rolled back, ${this.#applied} are applied`)
      log.cut(entry.index - 1)
    }
    log.append(entry)
  }

  /** The first entry after `snapshot` that changes what was read there; undefined when nothing did. */
  conflict(reads: readonly Read[], snapshot: number, last = this.log.lastIndex): number | undefined {
    if (reads.length === 0) return undefined
    // What happened since is no longer known, so nothing here is a cause; but once all of this is committed, no other tail is left.
    if (snapshot < this.log.base.index) return last
    for (let index = snapshot + 1; index <= last; index += 1) {
      const entry = this.log.at(index)
      assert.ok(entry !== undefined)
      if (writesOf(entry).some((write) => reads.some((read) => touches(write, read)))) return index
    }
    return undefined
  }
}
