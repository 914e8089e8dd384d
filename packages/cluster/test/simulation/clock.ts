/** Simulated time: what is scheduled runs in order, and time passes only in between. */
export class SimulatedClock {
  nowMs = 0
  #sequence = 0
  readonly #queue: { atMs: number; sequence: number; run: () => void; cancelled: boolean }[] = []

  after(delayMs: number, run: () => void): () => void {
    this.#sequence += 1
    const entry = { atMs: this.nowMs + Math.max(0, delayMs), sequence: this.#sequence, run, cancelled: false }
    let index = this.#queue.length
    while (index > 0 && (this.#queue[index - 1]?.atMs ?? 0) > entry.atMs) index -= 1
    this.#queue.splice(index, 0, entry)
    return () => {
      entry.cancelled = true
    }
  }

  /** Runs all that is due up to then. */
  advanceTo(atMs: number): void {
    for (let next = this.#queue[0]; next !== undefined && next.atMs <= atMs; next = this.#queue[0]) {
      this.#queue.shift()
      if (next.cancelled) continue
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.run()
    }
    this.nowMs = atMs
  }
}
