/** Counts the restarts of a supervisor within a sliding window of time. */
export class RestartIntensity {
  readonly #restartsMax: number
  readonly #withinMs: number
  /** When the latest restarts were, in order; at most `restartsMax` + 1 of them count, from `#first` on. */
  #times: number[] = []
  #first = 0

  constructor(restartsMax: number, withinMs: number) {
    this.#restartsMax = restartsMax
    this.#withinMs = withinMs
  }

  /** Counts one more. False: these are more than `restartsMax` within `withinMs`, and the supervisor must give up. */
  add(nowMs: number): boolean {
    const times = this.#times
    times.push(nowMs)
    while ((times[this.#first] as number) < nowMs - this.#withinMs) this.#first++
    if (this.#first > 1024 && this.#first * 2 > times.length) {
      this.#times = times.slice(this.#first)
      this.#first = 0
    }
    return this.#times.length - this.#first <= this.#restartsMax
  }
}
