import { compareKeys, type Key } from './key.ts'
import { isWithin, type Range } from './read.ts'

/** Beyond this a block is cut in two; moving so many references is one short copy of memory. */
const BLOCK_KEYS_MAX = 512

/** Keys in their order, in blocks: a search is two binary searches, an insertion moves at most one block. */
export class OrderedKeys {
  #blocks: Key[][] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds a key; does nothing when it is there. */
  add(key: Key): void {
    const block = this.#blocks[this.#blockOf(key)]
    if (block === undefined) {
      this.#blocks.push([key])
      this.#size += 1
      return
    }
    const place = placeIn(block, key)
    const held = block[place]
    if (held !== undefined && compareKeys(held, key) === 0) return
    block.splice(place, 0, key)
    this.#size += 1
    if (block.length > BLOCK_KEYS_MAX) this.#split(block)
  }

  delete(key: Key): void {
    const at = this.#blockOf(key)
    const block = this.#blocks[at]
    if (block === undefined) return
    const place = placeIn(block, key)
    const held = block[place]
    if (held === undefined || compareKeys(held, key) !== 0) return
    block.splice(place, 1)
    this.#size -= 1
    if (block.length === 0) this.#blocks.splice(at, 1)
  }

  clear(): void {
    this.#blocks = []
    this.#size = 0
  }

  /** The keys in a range, in order. The keys must not change while it is walked. */
  *range(range: Range, isReverse = false): Generator<Key> {
    if (isReverse) yield* this.#down(range)
    else yield* this.#up(range)
  }

  *#up(range: Range): Generator<Key> {
    const { from } = range
    const first = from === undefined ? 0 : this.#blockOf(from.key)
    for (let at = first; at < this.#blocks.length; at += 1) {
      const block = this.#blocks[at] as Key[]
      const start = from === undefined || at > first ? 0 : placeIn(block, from.key)
      for (let place = start; place < block.length; place += 1) {
        const key = block[place] as Key
        if (isWithin(key, range)) yield key
        else if (isBeyond(key, range)) return
      }
    }
  }

  *#down(range: Range): Generator<Key> {
    const { to } = range
    const last = to === undefined ? this.#blocks.length - 1 : this.#blockOf(to.key)
    for (let at = last; at >= 0; at -= 1) {
      const block = this.#blocks[at]
      if (block === undefined) continue
      const start =
        to === undefined || at < last ? block.length - 1 : Math.min(placeIn(block, to.key), block.length - 1)
      for (let place = start; place >= 0; place -= 1) {
        const key = block[place] as Key
        if (isWithin(key, range)) yield key
        else if (isBelow(key, range)) return
      }
    }
  }

  /** The first block whose last key is not before `key`; the last block, when there is none. */
  #blockOf(key: Key): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      const last = (this.#blocks[middle] as Key[]).at(-1) as Key
      if (compareKeys(last, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #split(block: Key[]): void {
    const at = this.#blocks.indexOf(block)
    this.#blocks.splice(at + 1, 0, block.splice(block.length >> 1))
  }
}

/** Where the key is, or would be. */
function placeIn(block: readonly Key[], key: Key): number {
  let low = 0
  let high = block.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareKeys(block[middle] as Key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function isBeyond(key: Key, { to }: Range): boolean {
  return to !== undefined && compareKeys(key, to.key) >= 0
}

function isBelow(key: Key, { from }: Range): boolean {
  return from !== undefined && compareKeys(key, from.key) <= 0
}
