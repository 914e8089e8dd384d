interface Scheduled {
  readonly atMs: number
  readonly sequence: number
  readonly run: () => void
}

/** Simulated time: what is due at one moment runs in the order in which it was asked for. A binary heap. */
export class EventQueue {
  nowMs = 0
  readonly #heap: Scheduled[] = []
  #sequence = 0

  at(atMs: number, run: () => void): void {
    this.#sequence += 1
    const heap = this.#heap
    let place = heap.length
    const added = { atMs: Math.max(atMs, this.nowMs), sequence: this.#sequence, run }
    heap.push(added)
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent] as Scheduled
      if (!isBefore(added, above)) break
      heap[place] = above
      place = parent
    }
    heap[place] = added
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run)
  }

  runUntil(atMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= atMs; next = this.#heap[0]) {
      this.#removeFirst()
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = atMs
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let place = 0
    for (;;) {
      let child = place * 2 + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && isBefore(right, heap[child] as Scheduled)) child += 1
      const below = heap[child] as Scheduled
      if (!isBefore(below, last)) break
      heap[place] = below
      place = child
    }
    heap[place] = last
  }
}

function isBefore(left: Scheduled, right: Scheduled): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.sequence < right.sequence)
}
