import type { SendNameSignal, Signal } from '../signals.ts'

/** A frame of this length, with its length bytes, is bulk. Part of what Tiebeam nodes agree on: both sides count such frames alone. */
export const BULK_FRAME_BYTES = 32 * 1024

/**
 * How much may be under way to a Tiebeam peer before bulk has to wait: what the kernels of both sides hold, several megabytes when the
 * peer is the slower one, nothing can overtake, so a small message would wait for all of it.
 *
 * Tiebeam peers report how many bytes of bulk they have read since the link came up (`RECEIPT_NAME`); a node tells them by the flag
 * TIEBEAM. Small frames are neither held back nor counted: a stream of them costs no reports. To other peers there is no window.
 */
export class BulkWindow {
  readonly #windowBytes: number
  #sentBytes = 0
  #receivedBytes = 0

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes
  }

  get isOpen(): boolean {
    return this.#sentBytes - this.#receivedBytes < this.#windowBytes
  }

  sent(frameBytes: number): void {
    if (frameBytes >= BULK_FRAME_BYTES) this.#sentBytes += frameBytes
  }

  /** The peer has read so many bytes in all. Whatever else it may claim changes nothing. */
  received(totalBytes: unknown): void {
    if (typeof totalBytes !== 'number' || !(totalBytes <= this.#sentBytes)) return
    this.#receivedBytes = Math.max(this.#receivedBytes, totalBytes)
  }
}

/** When to report what was read. */
export class Receipts {
  readonly #everyBytes: number
  #totalBytes = 0
  #reportedBytes = 0

  constructor(everyBytes: number) {
    this.#everyBytes = everyBytes
  }

  /** Counts a frame with its length; gives the total when it is to be reported. */
  read(frameBytes: number): number | undefined {
    if (frameBytes < BULK_FRAME_BYTES) return undefined
    this.#totalBytes += frameBytes
    if (this.#totalBytes - this.#reportedBytes < this.#everyBytes) return undefined
    this.#reportedBytes = this.#totalBytes
    return this.#totalBytes
  }
}

/** The registered name under which a link hears of what its peer has read. No process can have it. */
export const RECEIPT_NAME = '$tiebeam.received'

/**
 * A receipt waits for nothing, not even for bulk of the process that it names as its sender: where both nodes send bulk in their own
 * names, each would wait for the receipts of the other.
 */
export function isReceipt(signal: Signal): signal is SendNameSignal {
  return signal.type === 'sendName' && signal.name === RECEIPT_NAME
}
