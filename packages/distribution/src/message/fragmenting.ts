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
  readonly #parts: readonly Buffer[]
  readonly #frameBytes: number
  readonly #payloadAt: number
  readonly #fragmentBytesMax: number
  readonly #sequenceId: bigint
  /** How many are still to be taken, which is also the number that the next one bears. */
  #remaining: number
  /** Index in the frame of the next byte to be taken, and where that is: in which part, and where in it. */
  #at = 0
  #part = 0
  #partAt = 0

  /** @param parts the frame, as parts that follow each other */
  constructor(parts: readonly Buffer[], payloadAt: number, fragmentBytesMax: number, sequenceId: bigint) {
    this.#parts = parts
    this.#frameBytes = parts.reduce((bytes, part) => bytes + part.length, 0)
    this.#payloadAt = payloadAt
    this.#fragmentBytesMax = fragmentBytesMax
    this.#sequenceId = sequenceId
    this.count = Math.max(1, Math.ceil((this.#frameBytes - payloadAt) / fragmentBytesMax))
    this.#remaining = this.count
    this.#take(WHOLE_HEADER_BYTES)
  }

  /** Fragments not yet taken. */
  get remaining(): number {
    return this.#remaining
  }

  /** Bytes of the message not yet taken, headers left out. */
  get remainingBytes(): number {
    return this.#frameBytes - this.#at
  }

  /**
   * The next fragment, as a frame in several pieces: its length and header, then parts of the large frame, which are not copied.
   * `undefined` after the last one.
   */
  next(): readonly [Buffer, Buffer, ...Buffer[]] | undefined {
    if (this.#remaining === 0) return undefined
    const first = this.#remaining === this.count
    const taken = this.count - this.#remaining
    const end = Math.min(this.#frameBytes, this.#payloadAt + (taken + 1) * this.#fragmentBytesMax)
    const bodyBytes = end - this.#at
    // The first one has one byte more: that there are no references to an atom cache.
    const header = Buffer.alloc(LENGTH_BYTES + FRAGMENT_HEADER_BYTES + (first ? 1 : 0))
    header.writeUInt32BE(header.length - LENGTH_BYTES + bodyBytes, 0)
    header[4] = VERSION
    header[5] = first ? FRAGMENT_FIRST : FRAGMENT_NEXT
    header.writeBigUInt64BE(this.#sequenceId, 6)
    header.writeBigUInt64BE(BigInt(this.#remaining), 14)
    this.#remaining -= 1
    // No fragment is without a body.
    return [header, ...(this.#take(bodyBytes) as [Buffer, ...Buffer[]])]
  }

  #take(bytes: number): Buffer[] {
    const pieces: Buffer[] = []
    const end = this.#at + bytes
    while (this.#at < end) {
      const part = this.#parts[this.#part] as Buffer
      const partEnd = Math.min(part.length, this.#partAt + end - this.#at)
      if (partEnd > this.#partAt) pieces.push(part.subarray(this.#partAt, partEnd))
      this.#at += partEnd - this.#partAt
      this.#partAt = partEnd
      if (partEnd === part.length) {
        this.#part += 1
        this.#partAt = 0
      }
    }
    return pieces
  }
}
