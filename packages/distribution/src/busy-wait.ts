/** Messages that come one after the other within so many milliseconds may be a conversation. */
const QUICK_MS = 0.5
/** So many of them in a row are one. */
const CONVERSATION = 8
/** When messages come too late to be awaited, it is tried so many times, of so many, whether they come sooner if one stays awake longer. */
const TRIES = 16
const TRIES_OF = 1024
/** Who is awake looks every few microseconds. */
const MISSED_MS = 0.5
/** Where others want the processor, it sleeps as usual for so long: waking is quick there, and whoever never sleeps has to queue. */
const REST_MS = 100

/**
 * Tells when the event loop should look for the next message again and again instead of going to sleep: to be woken can take longer
 * than all the rest of a round trip. OTP's schedulers do so by default (`+sbwt`). Unlike them, this stays awake only in the middle of
 * a conversation, when the last messages came one right after the other; a node that hears from others now and then sleeps in between.
 *
 * Two nodes that both sleep while they wait for each other make each other late, and then neither would be awake in time ever again. So
 * now and then it stays awake for longer. Where the messages come no sooner for that, it does not stay awake in vain. Nor does it where
 * others want the processor.
 */
export class BusyWait {
  readonly #awakeMs: number
  #arrivedMs = Number.NEGATIVE_INFINITY
  #quick = 0
  /** Messages in a row that came when nobody was to be awake any more. */
  #late = 0
  #lookedMs = Number.NEGATIVE_INFINITY
  #restUntilMs = Number.NEGATIVE_INFINITY

  /** @param awakeMs how long to stay awake after a message of a conversation; 0: never */
  constructor(awakeMs: number) {
    this.#awakeMs = awakeMs
  }

  /** Something has arrived. Returns until when to stay awake; undefined: not at all. */
  arrived(nowMs: number): number | undefined {
    const afterMs = nowMs - this.#arrivedMs
    this.#arrivedMs = nowMs
    this.#quick = afterMs < QUICK_MS ? this.#quick + 1 : 0
    this.#late = afterMs < this.#awakeMs ? 0 : this.#late + 1
    if (this.#quick < CONVERSATION || this.#awakeMs <= 0 || nowMs < this.#restUntilMs) return undefined
    if (this.#late === 0) return nowMs + this.#awakeMs
    return this.#late % TRIES_OF < TRIES ? nowMs + QUICK_MS : undefined
  }

  /** It begins to stay awake. */
  begins(nowMs: number): void {
    this.#lookedMs = nowMs
  }

  /**
   * It looks again, as it does all the time while it is awake.
   * @returns whether something kept it from looking sooner: its own work, a garbage collection, or others on the processor
   */
  looks(nowMs: number): boolean {
    const missed = nowMs - this.#lookedMs > MISSED_MS
    this.#lookedMs = nowMs
    return missed
  }

  /** Others want the processor. */
  rest(nowMs: number): void {
    this.#restUntilMs = nowMs + REST_MS
  }
}
