import { FRAGMENT_FIRST, FRAGMENT_HEADER_BYTES, FRAGMENT_NEXT, VERSION } from './tags.ts'

const LENGTH_BYTES = 4
/** The length, the version, the tag of the header and its empty list of atoms, which each fragment's own header replaces. */
const WHOLE_HEADER_BYTES = 7

/**
 * A large frame, cut into fragments that other frames may come between: "Distribution Header for fragmented messages" in OTP's External
 * Term Format guide. The fragments must leave in order. The whole control message is in the first one: OTP looks for it there.
 */
export class Fragments {
  /** How many there are. */
  readonly count: number
  readonly #frame: Buffer
  readonly #payloadAt: number
  readonly #fragmentBytesMax: number
  readonly #sequenceId: bigint
  /** How many are still to be taken, which is also the number that the next one bears. */
  #remaining: number

  constructor(frame: Buffer, payloadAt: number, fragmentBytesMax: number, sequenceId: bigint) {
    this.#frame = frame
    this.#payloadAt = payloadAt
    this.#fragmentBytesMax = fragmentBytesMax
    this.#sequenceId = sequenceId
    this.count = Math.max(1, Math.ceil((frame.length - payloadAt) / fragmentBytesMax))
    this.#remaining = this.count
  }

  /** Fragments not yet taken. */
  get remaining(): number {
    return this.#remaining
  }

  /** Bytes of the message not yet taken, headers left out. */
  get remainingBytes(): number {
    return this.#remaining === 0 ? 0 : this.#frame.length - this.#nextAt()
  }

  /**
   * The next fragment, as a frame in two pieces: its length and header, then a part of the large frame, which is not copied.
   * `undefined` after the last one.
   */
  next(): readonly [Buffer, Buffer] | undefined {
    if (this.#remaining === 0) return undefined
    const first = this.#remaining === this.count
    const at = this.#nextAt()
    const taken = this.count - this.#remaining
    const end = Math.min(this.#frame.length, this.#payloadAt + (taken + 1) * this.#fragmentBytesMax)
    const body = this.#frame.subarray(at, end)
    // The first one has one byte more: that there are no references to an atom cache.
    const header = Buffer.alloc(LENGTH_BYTES + FRAGMENT_HEADER_BYTES + (first ? 1 : 0))
    header.writeUInt32BE(header.length - LENGTH_BYTES + body.length, 0)
    header[4] = VERSION
    header[5] = first ? FRAGMENT_FIRST : FRAGMENT_NEXT
    header.writeBigUInt64BE(this.#sequenceId, 6)
    header.writeBigUInt64BE(BigInt(this.#remaining), 14)
    this.#remaining -= 1
    return [header, body]
  }

  #nextAt(): number {
    const taken = this.count - this.#remaining
    return taken === 0 ? WHOLE_HEADER_BYTES : this.#payloadAt + taken * this.#fragmentBytesMax
  }
}
