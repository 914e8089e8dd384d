/**
 * How much may be under way to a Tiebeam peer before bulk has to wait: what the kernels of both sides hold, several megabytes when the
 * peer is the slower one, nothing can overtake, so a small message would wait for all of it.
 *
 * Tiebeam peers report how many bytes of frames they have read since the link came up (`RECEIPT_NAME`); a node tells them by the flag
 * TIEBEAM. Small frames are counted, but never held back. To other peers there is no window.
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

  sent(bytes: number): void {
    this.#sentBytes += bytes
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
  read(bytes: number): number | undefined {
    this.#totalBytes += bytes
    if (this.#totalBytes - this.#reportedBytes < this.#everyBytes) return undefined
    this.#reportedBytes = this.#totalBytes
    return this.#totalBytes
  }
}

/** The registered name under which a link hears of what its peer has read. No process can have it. */
export const RECEIPT_NAME = '$tiebeam.received'
