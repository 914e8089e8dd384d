/** Of one link, at one moment. */
export interface TickInput {
  /** A clock that only goes forward, in milliseconds. */
  readonly nowMs: number
  /** Bytes received on the link since it was made. */
  readonly receivedBytes: number
  /** Bytes handed to the socket since the link was made. */
  readonly writtenBytes: number
}

export type TickDecision = 'nothing' | 'tick' | 'drop'

export interface TickerInit {
  /** OTP's net_ticktime: a peer that is silent for so long is dropped; by OTP, give or take a quarter. */
  readonly netTickTimeMs: number
  /**
   * Whether to wait for as long as OTP may, a quarter more. When two nodes lose each other, those that speak `global` stay with the one that says so
   * first. OTP looks four times in the tick time, and so is rarely early; without this we would take OTP's neighbours from it nearly always.
   */
  readonly patient?: boolean
  readonly nowMs: number
}

/**
 * How often we tick and look within the tick time: more often than OTP, which does it four times. The peer counts silence from our
 * last byte, and a JavaScript event loop may be busy for long: the younger our last tick, the longer we may be busy unharmed.
 */
const TICKS = 16
/** The length of an empty frame. */
export const TICK_BYTES = 4

/** How often {@link Ticker.check} is to be called. */
export function tickPeriodMs(netTickTimeMs: number): number {
  return Math.max(1, Math.floor(netTickTimeMs / TICKS))
}

/**
 * Keeps one link alive and notices when its peer is gone: "Ticks" in OTP's net_kernel and dist_util, with a timer of our own. OTP does
 * not tick a link that it has just written to, and ticks hidden nodes only when asked, so nothing here depends on what the peer does.
 *
 * Silence counts only while we listen. When a check comes late, the event loop was blocked, and what the peer sent in the meantime
 * may still lie unread in the socket: that time is not counted.
 */
export class Ticker {
  readonly #silenceMs: number
  readonly #periodMs: number
  #checkedAtMs: number
  #receivedBytes = 0
  #writtenBytes = 0
  /** Time without a byte from the peer, in which we would have seen one. */
  #silentMs = 0

  constructor(init: TickerInit) {
    this.#silenceMs = init.patient === true ? 1.25 * init.netTickTimeMs : init.netTickTimeMs
    this.#periodMs = tickPeriodMs(init.netTickTimeMs)
    this.#checkedAtMs = init.nowMs
  }

  /** To be called every {@link tickPeriodMs}. `tick`: write an empty frame. `drop`: the peer has been silent for too long. */
  check({ nowMs, receivedBytes, writtenBytes }: TickInput): TickDecision {
    const elapsedMs = Math.max(0, nowMs - this.#checkedAtMs)
    this.#checkedAtMs = nowMs
    if (receivedBytes !== this.#receivedBytes) {
      this.#receivedBytes = receivedBytes
      this.#silentMs = 0
    } else {
      this.#silentMs += Math.min(elapsedMs, this.#periodMs)
    }
    if (this.#silentMs >= this.#silenceMs) return 'drop'
    const idle = writtenBytes === this.#writtenBytes
    // A tick of ours does not count as output, else every second one would be left out.
    this.#writtenBytes = idle ? writtenBytes + TICK_BYTES : writtenBytes
    return idle ? 'tick' : 'nothing'
  }
}
