import type { Pid } from '@tiebeam/etf'
import { DistributionError } from '../errors.ts'
import { OutputLimit } from '../output/output-limit.ts'
import { TermMeasure } from '../output/term-measure.ts'
import type { Signal } from '../signals.ts'
import type { RefusableSignal } from './router.ts'

interface Waiting {
  readonly sender: Pid
  readonly signal: Signal
}

/** What control and header add to a message, more or less. */
const OVERHEAD_BYTES = 100

/** Signals for a node to which a connection is being made. They leave, in order, when it stands, or are dropped with the attempt. */
export class PendingOutput {
  readonly #limit: OutputLimit
  #waiting: Waiting[] = []
  readonly #measure: TermMeasure
  #bytes = 0

  constructor(limits: { readonly outputBytesMax: number; readonly messageBytesMax: number }) {
    this.#limit = new OutputLimit(limits.outputBytesMax)
    this.#measure = new TermMeasure(limits.messageBytesMax)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @throws DistributionError `OUTPUT_FULL`, `MESSAGE_TOO_LARGE`; EncodeError */
  message(sender: Pid, signal: RefusableSignal): void {
    const payload = signal.type === 'spawnRequest' ? signal.args : signal.message
    const bytes = this.#measure.bytesOf(payload) + OVERHEAD_BYTES
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
