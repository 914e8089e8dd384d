import { Encoder, type Pid } from '@tiebeam/etf'
import { DistributionError } from '../errors.ts'
import { isTooLarge, messageTooLarge } from '../output/message-too-large.ts'
import { OutputLimit } from '../output/output-limit.ts'
import type { Signal } from '../signals.ts'

interface Waiting {
  readonly sender: Pid
  readonly signal: Signal
}

/** What control and header add to a message, more or less. */
const OVERHEAD_BYTES = 100
/** Only counted here, so there is no need to copy them. */
const SHARED_BYTES_MIN = 4096

/** Signals for a node to which a connection is being made. They leave, in order, when it stands, or are dropped with the attempt. */
export class PendingOutput {
  readonly #limit: OutputLimit
  readonly #messageBytesMax: number
  #waiting: Waiting[] = []
  /** Measures messages, and finds those that have no term while their sender can still be told. */
  readonly #encoder: Encoder
  #bytes = 0

  constructor(limits: { readonly outputBytesMax: number; readonly messageBytesMax: number }) {
    this.#limit = new OutputLimit(limits.outputBytesMax)
    this.#messageBytesMax = limits.messageBytesMax
    this.#encoder = new Encoder({ initialBytes: 4096, sizeBytesMax: limits.messageBytesMax })
    this.#encoder.shareBytesMin = SHARED_BYTES_MIN
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @throws DistributionError `OUTPUT_FULL`, `MESSAGE_TOO_LARGE`; EncodeError */
  message(sender: Pid, signal: Signal & { readonly message: unknown }): void {
    const bytes = this.#measure(signal.message) + OVERHEAD_BYTES
    // A message that is long is bulk later on; here all wait alike.
    if (!this.#limit.takes(bytes, bytes > this.#limit.bytesMax, { bulkBytes: 0, otherBytes: this.#bytes })) {
      throw new DistributionError(
        'OUTPUT_FULL',
        `${this.#bytes} bytes wait for a connection that is being made; ${bytes} more would exceed outputBytesMax ` +
          `(${this.#limit.bytesMax}). Connect first, or send less.`,
      )
    }
    this.#bytes += bytes
    this.#waiting.push({ sender, signal })
  }

  #measure(message: unknown): number {
    try {
      this.#encoder.writeTerm(message)
      return this.#encoder.offset + this.#encoder.sharedBytes
    } catch (error) {
      throw isTooLarge(error) ? messageTooLarge(this.#messageBytesMax, error) : error
    } finally {
      this.#encoder.offset = 0
    }
  }

  signal(sender: Pid, signal: Signal): void {
    this.#bytes += OVERHEAD_BYTES
    this.#waiting.push({ sender, signal })
  }

  /** Hands over all, in order. */
  takeAll(): readonly Waiting[] {
    const all = this.#waiting
    this.#waiting = []
    this.#bytes = 0
    return all
  }
}
