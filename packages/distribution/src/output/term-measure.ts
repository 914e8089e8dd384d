import { Encoder } from '@tiebeam/etf'
import { isTooLarge, messageTooLarge } from './message-too-large.ts'

/** Only counted here, so there is no need to copy them. */
const SHARED_BYTES_MIN = 4096

/** Finds out how long a term is, and whether there is one, while whoever made it can still be told. */
export class TermMeasure {
  readonly #encoder: Encoder
  readonly #messageBytesMax: number

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax
    this.#encoder = new Encoder({ initialBytes: 4096, sizeBytesMax: messageBytesMax })
    this.#encoder.shareBytesMin = SHARED_BYTES_MIN
  }

  /** @throws DistributionError `MESSAGE_TOO_LARGE`; EncodeError */
  bytesOf(term: unknown): number {
    try {
      this.#encoder.writeTerm(term)
      return this.#encoder.offset + this.#encoder.sharedBytes
    } catch (error) {
      throw isTooLarge(error) ? messageTooLarge(this.#messageBytesMax, error) : error
    } finally {
      this.#encoder.offset = 0
    }
  }
}
