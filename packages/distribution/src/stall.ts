/**
 * Notices a peer that accepts nothing although something waits for it. Like {@link Ticker}, it counts only time in which we were there
 * to see progress: what the event loop was blocked for is nobody's fault.
 */
export class StallWatch {
  readonly #stallMs: number
  readonly #periodMs: number
  #progress = 0
  #stalledMs = 0
  #checkedAtMs: number

  /** @param periodMs how often {@link check} is called */
  constructor(init: { readonly stallMs: number; readonly periodMs: number; readonly nowMs: number }) {
    this.#stallMs = init.stallMs
    this.#periodMs = init.periodMs
    this.#checkedAtMs = init.nowMs
  }

  /**
   * @param progress grows whenever the peer's side of the socket took something
   * @returns whether the peer has stalled for too long
   */
  check(nowMs: number, waitingBytes: number, progress: number): boolean {
    const elapsedMs = Math.min(Math.max(0, nowMs - this.#checkedAtMs), this.#periodMs)
    this.#checkedAtMs = nowMs
    if (waitingBytes === 0 || progress !== this.#progress) {
      this.#progress = progress
      this.#stalledMs = 0
    } else {
      this.#stalledMs += elapsedMs
    }
    return this.#stalledMs >= this.#stallMs
  }
}
