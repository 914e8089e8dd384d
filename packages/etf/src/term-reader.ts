import { AtomCache } from './atom-cache.ts'
import { Copies } from './copies.ts'
import { DecodeError, type DecodeErrorCode } from './errors.ts'
import type { TextBuffer } from './texts.ts'
import { Atom } from './values/atom.ts'

const float64 = new Float64Array(1)
const floatBytes = new Uint8Array(float64.buffer)
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
const oldFloat = /^[+-]?\d+\.\d+([eE][+-]?\d+)?$/

/** Shorter binaries are always copied. */
const viewBytesMin = 16 * 1024

/**
 * Reads the parts of which terms are made from one range of bytes. What a length claims is checked against the bytes
 * that are there before anything is allocated for it.
 */
export class TermReader {
  protected bytes: TextBuffer = Buffer.alloc(0) as TextBuffer
  protected end = 0
  /** Index of the next byte to read; after a term was read, of the byte after it. */
  offset = 0
  /**
   * Whether the input belongs to the terms that are read from it: a long binary that makes up most of it is then a view of it, and not
   * a copy. The input must not change any more. Default false.
   */
  ownsInput = false
  protected atomCacheReferences: readonly Atom[] | undefined = undefined
  /** How many more elements may be given room before they are read. */
  protected unfilledMax = 0
  readonly #atomCharactersMax: number
  readonly #atoms = new AtomCache()
  readonly #copies = new Copies()

  constructor(atomCharactersMax: number) {
    this.#atomCharactersMax = atomCharactersMax
  }

  protected fail(code: DecodeErrorCode, reason: string, offset = this.offset): never {
    throw new DecodeError(code, offset, reason)
  }

  /** Makes sure that so many bytes follow `offset`. */
  protected need(bytes: number): void {
    if (bytes > this.end - this.offset) this.truncated(bytes)
  }

  protected truncated(bytes: number): never {
    this.fail('ETF_TRUNCATED', `${bytes} more bytes are needed, ${this.end - this.offset} are left`)
  }

  /** Checks a claimed count against the least bytes that so many terms take, and returns it. */
  protected checkedCount(count: number, bytesEach: number): number {
    if (count * bytesEach > this.end - this.offset) {
      this.fail('ETF_TRUNCATED', `${count} elements are claimed, ${this.end - this.offset} bytes are left`)
    }
    return count
  }

  /**
   * An array to be filled with so many elements. Terms within terms might all claim many that never come, so there is room
   * at once for a few, and for no more in one input than it has bytes; all other arrays grow as they are filled, which
   * costs about half as much again in garbage.
   */
  protected arrayOf(length: number): unknown[] {
    if (length <= 32) return new Array(length)
    if (length > this.unfilledMax) return []
    this.unfilledMax -= length
    return new Array(length)
  }

  protected readUint8(): number {
    this.need(1)
    return this.bytes[this.offset++]!
  }

  protected readUint16(): number {
    this.need(2)
    const at = this.offset
    this.offset = at + 2
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!
  }

  protected readUint32(): number {
    return this.readInt32() >>> 0
  }

  protected readInt32(): number {
    this.need(4)
    const bytes = this.bytes
    const at = this.offset
    this.offset = at + 4
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }

  protected readUint64(): bigint {
    this.need(8)
    const value = this.bytes.readBigUInt64BE(this.offset)
    this.offset += 8
    return value
  }

  /** A copy, which does not keep the input alive, as a view of it would; see {@link ownsInput}. */
  protected readCopy(length: number): Uint8Array {
    this.need(length)
    const start = this.offset
    this.offset = start + length
    if (this.ownsInput && length >= viewBytesMin && 2 * length >= this.bytes.length) {
      return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, length)
    }
    return this.#copies.copy(this.bytes, start, this.offset)
  }

  /** The value of NEW_FLOAT_EXT after its tag. */
  protected readFloat(): number {
    this.need(8)
    const bytes = this.bytes
    const at = this.offset
    if (littleEndian) {
      floatBytes[7] = bytes[at]!
      floatBytes[6] = bytes[at + 1]!
      floatBytes[5] = bytes[at + 2]!
      floatBytes[4] = bytes[at + 3]!
      floatBytes[3] = bytes[at + 4]!
      floatBytes[2] = bytes[at + 5]!
      floatBytes[1] = bytes[at + 6]!
      floatBytes[0] = bytes[at + 7]!
    } else {
      floatBytes.set(bytes.subarray(at, at + 8))
    }
    const value = float64[0]!
    if (value - value !== 0) this.fail('ETF_FLOAT', `${value} is not a float of Erlang`, at - 1)
    this.offset = at + 8
    return value
  }

  /** The value of the old FLOAT_EXT after its tag: 31 characters, filled up with zeros. */
  protected readOldFloat(): number {
    this.need(31)
    const start = this.offset
    const text = this.bytes.latin1Slice(start, start + 31)
    const end = text.indexOf('\0')
    const digits = (end < 0 ? text : text.slice(0, end)).trimStart()
    const value = oldFloat.test(digits) ? Number(digits) : Number.NaN
    if (!Number.isFinite(value)) this.fail('ETF_FLOAT', 'the text of a float is not a finite number', start - 1)
    this.offset = start + 31
    return value
  }

  /** An atom with its tag, where the format allows nothing else. */
  protected readAtomName(): string {
    this.need(1)
    const start = this.offset
    const value = this.readAtom(this.bytes[this.offset++]!)
    if (value === undefined) this.fail('ETF_MALFORMED', 'an atom is expected here', start)
    return value.name
  }

  /** The atom after this tag, or undefined when it is not the tag of an atom. */
  protected readAtom(tag: number): Atom | undefined {
    switch (tag) {
      case 119: // SMALL_ATOM_UTF8_EXT
        return this.readAtomText(this.readUint8(), true)
      case 118: // ATOM_UTF8_EXT
        return this.readAtomText(this.readUint16(), true)
      case 100: // ATOM_EXT
        return this.readAtomText(this.readUint16(), false)
      case 115: // SMALL_ATOM_EXT
        return this.readAtomText(this.readUint8(), false)
      case 82: // ATOM_CACHE_REF
        return this.#readAtomCacheReference()
      default:
        return undefined
    }
  }

  protected readAtomText(length: number, utf8: boolean): Atom {
    this.need(length)
    const start = this.offset
    const known = this.#atoms.find(this.bytes, start, length, utf8)
    if (known !== undefined) {
      this.offset = start + length
      return known
    }
    const text = utf8 ? this.bytes.utf8Slice(start, start + length) : this.bytes.latin1Slice(start, start + length)
    if (utf8 && text.includes('\ufffd') && !Buffer.from(text).equals(this.bytes.subarray(start, start + length))) {
      this.fail('ETF_MALFORMED', 'the name of an atom is not UTF-8', start)
    }
    this.#checkCharacters(text, start)
    const found = Atom.intern(text)
    this.#atoms.keep(this.bytes, start, length, utf8, found)
    this.offset = start + length
    return found
  }

  #checkCharacters(text: string, start: number): void {
    if (text.length <= this.#atomCharactersMax) return
    let characters = 0
    for (const _ of text) characters++
    if (characters > this.#atomCharactersMax) {
      this.fail(
        'ETF_ATOM_LENGTH',
        `an atom of ${characters} characters exceeds the limit of ${this.#atomCharactersMax}`,
        start,
      )
    }
  }

  #readAtomCacheReference(): Atom {
    const index = this.readUint8()
    const found = this.atomCacheReferences?.[index]
    if (found === undefined)
      this.fail('ETF_ATOM_CACHE', `the header names no entry ${index} of the atom cache`, this.offset - 2)
    return found
  }
}
