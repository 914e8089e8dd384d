import { inspectBits } from '../inspect.ts'
import { keyOf } from '../key.ts'
import { inspectSymbol, kind } from './kind.ts'

/** A bit string whose length is no multiple of 8; `<<1, 3:4>>`. Whole bytes are a Uint8Array. */
export class BitString {
  /** At least one byte. The unused low bits of the last byte are 0. */
  readonly bytes: Uint8Array
  /** How many high bits of the last byte count: 1 to 7. */
  readonly lastBits: number

  /**
   * Copies the bytes.
   * @throws RangeError when there is no byte, or `lastBits` is not 1 to 7
   */
  constructor(bytes: Uint8Array, lastBits: number) {
    if (bytes.length === 0 || !Number.isInteger(lastBits) || lastBits < 1 || lastBits > 7) {
      throw new RangeError(
        'a bit string has at least one byte, and 1 to 7 bits in its last: whole bytes are a Uint8Array',
      )
    }
    const copy = new Uint8Array(bytes)
    const last = copy.length - 1
    copy[last] = copy[last]! & (0xff00 >> lastBits)
    this.bytes = copy
    this.lastBits = lastBits
  }

  get [kind](): 'bitString' {
    return 'bitString'
  }

  /** Length in bits. */
  get bits(): number {
    return (this.bytes.length - 1) * 8 + this.lastBits
  }

  get key(): string {
    return keyOf(this)
  }

  equals(other: unknown): boolean {
    return this === other || keyOf(other) === this.key
  }

  toString(): string {
    return inspectBits(this.bytes, this.lastBits)
  }

  [inspectSymbol](): string {
    return this.toString()
  }
}
