import { EncodeError } from './errors.ts'
import { Output } from './output.ts'
import { atomNameFault } from './values/atom.ts'

const float64 = new Float64Array(1)
const floatBytes = new Uint8Array(float64.buffer)
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
const two32 = 0x1_0000_0000
const safeMax = BigInt(Number.MAX_SAFE_INTEGER)

/** Up to this many code units, a loop in JavaScript beats a call into native code. */
const shortText = 16

/** Writes the terms that contain no other terms, and what comes in front of those that do. */
export class TermWriter extends Output {
  /** A tag and the 32-bit number that follows it. */
  protected writeTagged32(tag: number, value: number): void {
    this.ensure(5)
    const store = this.store
    const at = this.at
    store[at] = tag
    store[at + 1] = value >>> 24
    store[at + 2] = value >>> 16
    store[at + 3] = value >>> 8
    store[at + 4] = value
    this.at = at + 5
  }

  /** An integer of 32 bits with sign: SMALL_INTEGER_EXT or INTEGER_EXT. */
  writeInteger(value: number): void {
    if (value >= 0 && value < 256) {
      this.ensure(2)
      const store = this.store
      store[this.at++] = 97
      store[this.at++] = value
    } else {
      this.writeTagged32(98, value)
    }
  }

  /** SMALL_BIG_EXT of a safe integer beyond 32 bits. */
  protected writeSafeBig(value: number): void {
    this.ensure(11)
    const store = this.store
    const start = this.at
    const magnitude = Math.abs(value)
    let at = start + 3
    let word = magnitude >>> 0
    for (let i = 0; i < 4; i++) {
      store[at++] = word
      word >>>= 8
    }
    for (word = Math.floor(magnitude / two32); word !== 0; word >>>= 8) store[at++] = word
    store[start] = 110
    store[start + 1] = at - start - 3
    store[start + 2] = value < 0 ? 1 : 0
    this.at = at
  }

  /**
   * A bigint. Within the safe range it leaves as LARGE_BIG_EXT, which OTP never writes for a number so small, and which
   * tells the decoder to make a bigint again; OTP reads the same integer from both.
   */
  protected writeBigint(value: bigint): void {
    const magnitude = value < 0n ? -value : value
    const bytes = magnitudeBytes(magnitude)
    if (magnitude > safeMax && bytes.length < 256) {
      this.writeUint8(110)
      this.writeUint8(bytes.length)
    } else {
      this.writeTagged32(111, bytes.length)
    }
    this.writeUint8(value < 0n ? 1 : 0)
    this.writeBytes(bytes)
  }

  /** NEW_FLOAT_EXT; the caller has made sure that the value is finite. */
  protected writeFloat(value: number): void {
    this.ensure(9)
    const store = this.store
    const at = this.at
    float64[0] = value
    store[at] = 70
    if (littleEndian) {
      store[at + 1] = floatBytes[7]!
      store[at + 2] = floatBytes[6]!
      store[at + 3] = floatBytes[5]!
      store[at + 4] = floatBytes[4]!
      store[at + 5] = floatBytes[3]!
      store[at + 6] = floatBytes[2]!
      store[at + 7] = floatBytes[1]!
      store[at + 8] = floatBytes[0]!
    } else {
      store.set(floatBytes, at + 1)
    }
    this.at = at + 9
  }

  /** BINARY_EXT of the string's UTF-8. */
  protected writeText(text: string): void {
    const length = text.length
    if (length > shortText) {
      this.#writeLongText(text)
      return
    }
    this.ensureText(5, text)
    const store = this.store
    const start = this.at
    let at = start + 5
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80) {
        at = writeUnits(store, at, text, i)
        break
      }
      store[at++] = unit
    }
    store[start] = 109
    store[start + 1] = 0
    store[start + 2] = 0
    store[start + 3] = 0
    store[start + 4] = at - start - 5
    this.at = at
  }

  #writeLongText(text: string): void {
    this.ensureText(5, text)
    const start = this.at
    const bytes = this.store.utf8Write(text, start + 5, this.store.length - start - 5)
    if (bytes !== text.length && !text.isWellFormed()) throw loneSurrogate()
    this.store[start] = 109
    this.setUint32(start + 1, bytes)
    this.at = start + 5 + bytes
  }

  /** SMALL_TUPLE_EXT or LARGE_TUPLE_EXT up to the first element; the elements follow by `writeTerm`. */
  writeTupleHeader(arity: number): void {
    if (arity < 256) {
      this.ensure(2)
      this.store[this.at++] = 104
      this.store[this.at++] = arity
    } else {
      this.writeTagged32(105, arity)
    }
  }

  /** MAP_EXT up to the first key; keys and values follow in turn. */
  writeMapHeader(size: number): void {
    this.writeTagged32(116, size)
  }

  /** LIST_EXT up to the first element; after the elements comes the tail, `writeNil` for a proper list. */
  writeListHeader(length: number): void {
    this.writeTagged32(108, length)
  }

  /** NIL_EXT, the empty list. */
  writeNil(): void {
    this.writeUint8(106)
  }

  /** SMALL_ATOM_UTF8_EXT, or ATOM_UTF8_EXT when the name takes more than 255 bytes. */
  writeAtomName(name: string): void {
    const length = name.length
    if (length > 85 || typeof name !== 'string') {
      this.#writeLongAtomName(name)
      return
    }
    this.ensureText(2, name)
    const store = this.store
    const start = this.at
    const end = writeUnits(store, start + 2, name, 0)
    store[start] = 119
    store[start + 1] = end - start - 2
    this.at = end
  }

  #writeLongAtomName(name: string): void {
    const fault = atomNameFault(name)
    if (fault !== undefined) throw new EncodeError(fault.code, '$', fault.reason)
    const bytes = Buffer.from(name)
    if (bytes.length < 256) {
      this.writeUint8(119)
      this.writeUint8(bytes.length)
    } else {
      this.writeUint8(118)
      this.writeUint16(bytes.length)
    }
    this.writeBytes(bytes)
  }
}

/** Writes the string from this code unit on as UTF-8; there is room. Returns the index after it. */
function writeUnits(store: Uint8Array, start: number, text: string, from: number): number {
  let at = start
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) {
      store[at++] = unit
    } else if (unit < 0x800) {
      store[at++] = 0xc0 | (unit >> 6)
      store[at++] = 0x80 | (unit & 0x3f)
    } else if ((unit & 0xf800) !== 0xd800) {
      store[at++] = 0xe0 | (unit >> 12)
      store[at++] = 0x80 | ((unit >> 6) & 0x3f)
      store[at++] = 0x80 | (unit & 0x3f)
    } else {
      const low = text.charCodeAt(++i)
      if (unit >= 0xdc00 || (low & 0xfc00) !== 0xdc00) throw loneSurrogate()
      const point = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff)
      store[at++] = 0xf0 | (point >> 18)
      store[at++] = 0x80 | ((point >> 12) & 0x3f)
      store[at++] = 0x80 | ((point >> 6) & 0x3f)
      store[at++] = 0x80 | (point & 0x3f)
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

/** Least significant byte first; none for 0. Going through hexadecimal digits takes linear time at any size. */
function magnitudeBytes(magnitude: bigint): Uint8Array {
  if (magnitude === 0n) return new Uint8Array(0)
  const digits = magnitude.toString(16)
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex').reverse()
}
