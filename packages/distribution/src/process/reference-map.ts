import type { Reference } from '@tiebeam/etf'

interface Entry<Value> {
  readonly reference: Reference
  value: Value
  /** Another reference with the same number. */
  next: Entry<Value> | undefined
}

/**
 * A map by reference. A call sets up a monitor and takes it away again, on both nodes; to find it by `reference.key` would cost more
 * than all else that the call does here.
 */
export class ReferenceMap<Value> {
  readonly #entries = new Map<number, Entry<Value>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(reference: Reference): Value | undefined {
    let entry = this.#entries.get(numberOf(reference))
    while (entry !== undefined && !entry.reference.equals(reference)) entry = entry.next
    return entry?.value
  }

  set(reference: Reference, value: Value): void {
    const number = numberOf(reference)
    const first = this.#entries.get(number)
    for (let entry = first; entry !== undefined; entry = entry.next) {
      if (!entry.reference.equals(reference)) continue
      entry.value = value
      return
    }
    this.#entries.set(number, { reference, value, next: first })
    this.#size++
  }

  /** False when it was not there. */
  delete(reference: Reference): boolean {
    const number = numberOf(reference)
    let before: Entry<Value> | undefined
    let entry = this.#entries.get(number)
    while (entry !== undefined && !entry.reference.equals(reference)) {
      before = entry
      entry = entry.next
    }
    if (entry === undefined) return false
    if (before !== undefined) before.next = entry.next
    else if (entry.next !== undefined) this.#entries.set(number, entry.next)
    else this.#entries.delete(number)
    this.#size--
    return true
  }

  /** All values. Those not yet seen may be deleted meanwhile. */
  *values(): IterableIterator<Value> {
    for (const first of this.#entries.values()) {
      for (let entry: Entry<Value> | undefined = first; entry !== undefined; entry = entry.next) yield entry.value
    }
  }
}

/** Spreads the references of a node, which differ in their first words, and is a small integer, which a Map finds fastest. */
function numberOf({ ids }: Reference): number {
  const mixed =
    Math.imul(ids[0] ?? 0, 0x9e3779b1) ^ Math.imul(ids[1] ?? 0, 0x85ebca6b) ^ Math.imul(ids[2] ?? 0, 0xc2b2ae35)
  return mixed & 0x3fffffff
}
