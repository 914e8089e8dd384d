/** What waits to be sent to one peer. */
export interface WaitingOutput {
  /** Large messages, and what must stay behind them. */
  readonly bulkBytes: number
  readonly otherBytes: number
}

/**
 * How much may wait to be sent to one peer. Bulk fills at most three quarters, so that whoever streams large messages does not keep
 * the small ones of others from being taken. Output is low when a quarter of the limit waits, or less. A message that is longer than
 * bulk may be by itself is taken when output is low, else it could never be sent.
 */
export class OutputLimit {
  readonly bytesMax: number
  readonly #bulkBytesMax: number
  readonly #lowBytes: number
  /** Of the message that was refused last: output has not drained before it would be taken. */
  #refused: { readonly bytes: number; readonly bulk: boolean } = { bytes: 0, bulk: false }

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
    this.#bulkBytesMax = bytesMax * 0.75
    this.#lowBytes = bytesMax * 0.25
  }

  /** Whether a message of so many bytes is taken; that it was not is remembered. */
  takes(bytes: number, bulk: boolean, waiting: WaitingOutput): boolean {
    if (this.#fits(bytes, bulk, waiting)) return true
    this.#refused = { bytes, bulk }
    return false
  }

  isDrained(waiting: WaitingOutput): boolean {
    if (waiting.bulkBytes + waiting.otherBytes > this.#lowBytes) return false
    return this.#fits(this.#refused.bytes, this.#refused.bulk, waiting)
  }

  /** Those who waited for it know that output has drained. */
  drained(): void {
    this.#refused = { bytes: 0, bulk: false }
  }

  #fits(bytes: number, bulk: boolean, { bulkBytes, otherBytes }: WaitingOutput): boolean {
    if (!bulk) return otherBytes + Math.min(bulkBytes, this.#bulkBytesMax) + bytes <= this.bytesMax
    const waitingBytes = bulkBytes + otherBytes
    return waitingBytes + bytes <= this.#bulkBytesMax || (bytes > this.#bulkBytesMax && waitingBytes <= this.#lowBytes)
  }
}
