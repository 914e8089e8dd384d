import { EncodeError } from './errors.ts'

/** Buffer's own writer of UTF-8, without the argument checks of `write`: twice as fast on short strings. */
type FastBuffer = Buffer & { utf8Write(text: string, offset: number, length: number): number }

const float64 = new Float64Array(1)
const floatBytes = new Uint8Array(float64.buffer)
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Up to this many code units, a loop in JavaScript beats a call into native code. */
const shortText = 40

/** Bytes written one after the other into a buffer that grows, so that a term is never copied together from parts. */
export class Output {
  /** Current backing store; another one after it had to grow, and after {@link take}. */
  buffer: Buffer
  /** Bytes written since construction or the last {@link take}. */
  offset = 0
  readonly #initialBytes: number
  readonly #sizeBytesMax: number

  constructor(initialBytes: number, sizeBytesMax: number) {
    this.#initialBytes = initialBytes
    this.#sizeBytesMax = sizeBytesMax
    this.buffer = Buffer.allocUnsafeSlow(initialBytes)
  }

  /**
   * Makes room for so many more bytes; `buffer` may be another one after it.
   * @throws EncodeError `ETF_SIZE`
   */
  ensure(bytes: number): void {
    if (this.offset + bytes > this.buffer.length) this.#grow(bytes)
  }

  #grow(bytes: number): void {
    const needed = this.offset + bytes
    if (needed > this.#sizeBytesMax) {
      throw new EncodeError('ETF_SIZE', '$', `the bytes exceed the limit of ${this.#sizeBytesMax} (sizeBytesMax)`)
    }
    const doubled = Math.min(2 * this.buffer.length, this.#sizeBytesMax)
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, doubled, this.#initialBytes))
    this.buffer.copy(grown, 0, 0, this.offset)
    this.buffer = grown
  }

  /** Hands over what was written. The encoder never touches those bytes again, and goes on with the rest of its memory. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.offset)
    this.buffer = this.buffer.subarray(this.offset)
    this.offset = 0
    return taken
  }

  writeUint8(value: number): void {
    this.ensure(1)
    this.buffer[this.offset++] = value
  }

  writeUint16(value: number): void {
    this.ensure(2)
    const buffer = this.buffer
    buffer[this.offset++] = value >>> 8
    buffer[this.offset++] = value
  }

  writeUint32(value: number): void {
    this.ensure(4)
    this.patchUint32(this.offset, value)
    this.offset += 4
  }

  writeUint64(value: bigint): void {
    this.ensure(8)
    this.buffer.writeBigUInt64BE(value, this.offset)
    this.offset += 8
  }

  writeBytes(bytes: Uint8Array): void {
    this.ensure(bytes.length)
    this.buffer.set(bytes, this.offset)
    this.offset += bytes.length
  }

  /** Writes over four bytes that were written before, such as a length that is known only now. */
  patchUint32(at: number, value: number): void {
    const buffer = this.buffer
    buffer[at] = value >>> 24
    buffer[at + 1] = value >>> 16
    buffer[at + 2] = value >>> 8
    buffer[at + 3] = value
  }

  /** A tag and the 32-bit number that follows it. */
  protected writeTagged32(tag: number, value: number): void {
    this.ensure(5)
    const buffer = this.buffer
    const at = this.offset
    buffer[at] = tag
    buffer[at + 1] = value >>> 24
    buffer[at + 2] = value >>> 16
    buffer[at + 3] = value >>> 8
    buffer[at + 4] = value
    this.offset = at + 5
  }

  /** NEW_FLOAT_EXT; the caller has made sure that the value is finite. */
  protected writeFloat(value: number): void {
    this.ensure(9)
    const buffer = this.buffer
    const at = this.offset
    buffer[at] = 70
    float64[0] = value
    if (littleEndian) for (let i = 0; i < 8; i++) buffer[at + 1 + i] = floatBytes[7 - i]!
    else for (let i = 0; i < 8; i++) buffer[at + 1 + i] = floatBytes[i]!
    this.offset = at + 9
  }

  /** BINARY_EXT of the string's UTF-8. */
  protected writeText(text: string): void {
    const length = text.length
    if (length > shortText) {
      this.#writeLongText(text)
      return
    }
    this.ensure(5 + 3 * length)
    const buffer = this.buffer
    const start = this.offset
    let at = start + 5
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80) {
        at = writeUnits(buffer, at, text, i)
        break
      }
      buffer[at++] = unit
    }
    const bytes = at - start - 5
    buffer[start] = 109
    buffer[start + 1] = 0
    buffer[start + 2] = 0
    buffer[start + 3] = 0
    buffer[start + 4] = bytes
    this.offset = at
  }

  #writeLongText(text: string): void {
    // Three bytes a code unit is the most UTF-8 can need; for a big string it is worth to count first.
    this.ensure(5 + (text.length > 65_536 ? Buffer.byteLength(text) : 3 * text.length))
    const start = this.offset
    const bytes = (this.buffer as FastBuffer).utf8Write(text, start + 5, this.buffer.length - start - 5)
    if (bytes !== text.length && !text.isWellFormed()) throw loneSurrogate()
    this.buffer[start] = 109
    this.patchUint32(start + 1, bytes)
    this.offset = start + 5 + bytes
  }
}

/** Writes the string from this code unit on as UTF-8; there is room. Returns the index after it. */
export function writeUnits(buffer: Buffer, start: number, text: string, from: number): number {
  let at = start
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) {
      buffer[at++] = unit
    } else if (unit < 0x800) {
      buffer[at++] = 0xc0 | (unit >> 6)
      buffer[at++] = 0x80 | (unit & 0x3f)
    } else if ((unit & 0xf800) !== 0xd800) {
      buffer[at++] = 0xe0 | (unit >> 12)
      buffer[at++] = 0x80 | ((unit >> 6) & 0x3f)
      buffer[at++] = 0x80 | (unit & 0x3f)
    } else {
      const low = text.charCodeAt(++i)
      if (unit >= 0xdc00 || (low & 0xfc00) !== 0xdc00) throw loneSurrogate()
      const point = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff)
      buffer[at++] = 0xf0 | (point >> 18)
      buffer[at++] = 0x80 | ((point >> 12) & 0x3f)
      buffer[at++] = 0x80 | ((point >> 6) & 0x3f)
      buffer[at++] = 0x80 | (point & 0x3f)
    }
  }
  return at
}

function loneSurrogate(): EncodeError {
  return new EncodeError(
    'ETF_LONE_SURROGATE',
    '$',
    'the string holds half of a surrogate pair, which UTF-8 cannot express',
  )
}
