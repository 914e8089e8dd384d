/** Messages that come one after the other within so many milliseconds may be a conversation. */
const QUICK_MS = 0.5
/** So many of them in a row are one. */
const CONVERSATION = 8

/**
 * Tells when the event loop should look for the next message again and again instead of going to sleep: to be woken can take longer
 * than all the rest of a round trip. OTP's schedulers do so by default (`+sbwt`). Unlike them, this stays awake only in the middle of
 * a conversation, when the last messages came one right after the other; a node that hears from others now and then sleeps in between.
 */
export class BusyWait {
  readonly #awakeMs: number
  #arrivedMs = Number.NEGATIVE_INFINITY
  #quick = 0

  /** @param awakeMs how long to stay awake after a message of a conversation; 0: never */
  constructor(awakeMs: number) {
    this.#awakeMs = awakeMs
  }

  /** Something has arrived. Returns until when to stay awake; undefined: not at all. */
  arrived(nowMs: number): number | undefined {
    this.#quick = nowMs - this.#arrivedMs < QUICK_MS ? this.#quick + 1 : 0
    this.#arrivedMs = nowMs
    return this.#quick >= CONVERSATION && this.#awakeMs > 0 ? nowMs + this.#awakeMs : undefined
  }
}
