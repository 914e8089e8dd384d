import { readBigint, readSafeBig } from './bigs.ts'
import { DecodeError } from './errors.ts'
import { defaultAtomCharactersMax, defaultDepthMax, defaultInflatedBytesMax, defaultSizeBytesMax } from './limits.ts'
import { MapReader } from './map-reader.ts'
import type { TextBuffer } from './texts.ts'
import { Atom } from './values/atom.ts'
import { BitString } from './values/bit-string.ts'
import { Binary, Float, LocalTerm } from './values/exact.ts'
import { Fun } from './values/fun.ts'
import { ImproperList } from './values/improper-list.ts'
import { Tuple } from './values/tuple.ts'

export interface DecoderInit {
  /**
   * `comfortable` (default): 1.0 is the number 1, text is a string, a map with string keys a plain object.
   * `exact`: a term that is decoded and encoded again is the same term.
   */
  decoding?: 'comfortable' | 'exact'
  /**
   * What a comfortable decoder makes of binaries: `text` (default) a string when they are UTF-8, else a Uint8Array;
   * `bytes` always a Uint8Array, so that a type never depends on contents. Keys of maps are text in both.
   */
  binaries?: 'text' | 'bytes'
  /**
   * What a comfortable decoder makes of maps whose keys are atoms: `atoms` (default) a Map with those atoms; `strings` a
   * plain object with their names, as long as no two keys become the same.
   */
  atomKeys?: 'atoms' | 'strings'
  /** Levels of lists, tuples, maps and funs inside each other. Default 1,000. */
  depthMax?: number
  /** Bytes of one term. Default 256 MiB. */
  sizeBytesMax?: number
  /** Characters of an atom. Default 255. */
  atomCharactersMax?: number
  /** Bytes of a compressed term after inflation. Default 8 MiB: a byte can become 50 bytes of objects. */
  inflatedBytesMax?: number
}

/** V8 holds integers of up to 2^30 bits. */
const bigintBytesMax = 2 ** 27

/** Reads terms. Keep one for many terms: it remembers the keys and atoms that it met last. */
export class Decoder extends MapReader {
  readonly inflatedBytesMax: number
  readonly #sizeBytesMax: number
  readonly #bytesOnly: boolean

  constructor(init: DecoderInit = {}) {
    super(
      init.atomCharactersMax ?? defaultAtomCharactersMax,
      init.depthMax ?? defaultDepthMax,
      init.atomKeys === 'strings',
    )
    this.inflatedBytesMax = init.inflatedBytesMax ?? defaultInflatedBytesMax
    this.#sizeBytesMax = init.sizeBytesMax ?? defaultSizeBytesMax
    this.exact = init.decoding === 'exact'
    this.#bytesOnly = init.binaries === 'bytes'
  }

  /**
   * Reads one term, without the version byte 131, that starts at `start` and ends at or before `end`; then `offset` is
   * the index after it. Atoms that came with the message's header are found in `atomCacheReferences`.
   * @throws DecodeError whose `offset` counts from the start of `bytes`
   */
  readTerm(bytes: Uint8Array, start = 0, end: number = bytes.length, atomCacheReferences?: readonly Atom[]): unknown {
    if (end - start > this.#sizeBytesMax) {
      throw new DecodeError(
        'ETF_SIZE',
        start,
        `${end - start} bytes exceed the limit of ${this.#sizeBytesMax} (sizeBytesMax)`,
      )
    }
    this.bytes = asBuffer(bytes)
    this.offset = start
    this.end = Math.min(end, bytes.length)
    this.unfilledMax = this.end - start
    this.atomCacheReferences = atomCacheReferences
    this.depth = 0
    this.keyDepth = 0
    const exact = this.exact
    try {
      return bytes[start] === 121 && start < this.end ? this.#readLocal() : this.readValue()
    } catch (error) {
      throw error instanceof RangeError ? this.#ofRangeError(error) : error
    } finally {
      this.exact = exact
      this.bytes = noBytes
      this.atomCacheReferences = undefined
    }
  }

  #ofRangeError(cause: RangeError): DecodeError {
    if (/call stack/.test(cause.message)) {
      return new DecodeError('ETF_DEPTH', this.offset, 'terms are nested deeper than the stack allows', { cause })
    }
    return new DecodeError('ETF_SIZE', this.offset, 'the term is larger than JavaScript can hold', { cause })
  }

  protected override readValue(): unknown {
    if (this.offset >= this.end) this.truncated(1)
    const tag = this.bytes[this.offset++]!
    switch (tag) {
      case 109: // BINARY_EXT
        return this.#readBinary()
      case 97: // SMALL_INTEGER_EXT
        return this.readUint8()
      case 98: // INTEGER_EXT
        return this.readInt32()
      case 119: // SMALL_ATOM_UTF8_EXT
        return this.#readSmallAtom()
      case 116: // MAP_EXT
        return this.readMap()
      case 106: // NIL_EXT
        return []
      case 108: // LIST_EXT
        return this.#readList()
      case 104: // SMALL_TUPLE_EXT
        return this.#readTuple(this.readUint8())
      case 70: // NEW_FLOAT_EXT
        return this.#floatValue(this.readFloat())
      case 107: // STRING_EXT
        return this.#readByteList()
      case 110: // SMALL_BIG_EXT
        return this.#readBig(this.readUint8(), false)
      case 111: // LARGE_BIG_EXT
        return this.#readBig(this.readUint32(), true)
      case 88: // NEW_PID_EXT
        return this.readPid(true)
      case 90: // NEWER_REFERENCE_EXT
        return this.readReference(true)
      case 77: // BIT_BINARY_EXT
        return this.#readBits()
      default:
        return this.#readRareValue(tag)
    }
  }

  /** SMALL_ATOM_UTF8_EXT; true, false and nil are told by their bytes, being far more frequent than all others. */
  #readSmallAtom(): unknown {
    const length = this.readUint8()
    this.need(length)
    const bytes = this.bytes
    const at = this.offset
    if (length === 4 && readWord(bytes, at) === 0x74727565) {
      this.offset = at + 4
      return true
    }
    if (length === 5 && readWord(bytes, at) === 0x66616c73 && bytes[at + 4] === 0x65) {
      this.offset = at + 5
      return false
    }
    if (length === 3 && bytes[at] === 0x6e && bytes[at + 1] === 0x69 && bytes[at + 2] === 0x6c) {
      this.offset = at + 3
      return null
    }
    return atomValue(this.readAtomText(length, true))
  }

  #readRareValue(tag: number): unknown {
    switch (tag) {
      case 105: // LARGE_TUPLE_EXT
        return this.#readTuple(this.readUint32())
      case 89: // NEW_PORT_EXT
        return this.readPort(true)
      case 120: // V4_PORT_EXT
        return this.readWidePort()
      case 112: // NEW_FUN_EXT
        return this.#readFun()
      case 113: // EXPORT_EXT
        return this.readExport()
      case 99: // FLOAT_EXT
        return this.#floatValue(this.readOldFloat())
      case 103: // PID_EXT
        return this.readPid(false)
      case 102: // PORT_EXT
        return this.readPort(false)
      case 101: // REFERENCE_EXT
        return this.readOldReference()
      case 114: // NEW_REFERENCE_EXT
        return this.readReference(false)
      case 117: // FUN_EXT
        return this.#readOldFun()
      case 121: // LOCAL_EXT
        return this.fail('ETF_UNKNOWN_TAG', 'a term in a local format stands inside another term', this.offset - 1)
      default: {
        const found = this.readAtom(tag)
        if (found !== undefined) return atomValue(found)
        return this.fail('ETF_UNKNOWN_TAG', `there is no tag ${tag}`, this.offset - 1)
      }
    }
  }

  #floatValue(value: number): number | Float {
    return this.exact && Number.isSafeInteger(value) ? new Float(value) : value
  }

  #readBinary(): unknown {
    const length = this.readUint32()
    if (this.exact) return new Binary(this.readCopy(length))
    if (this.#bytesOnly) return this.readCopy(length)
    return this.readTextOrBytes(length)
  }

  /** BIT_BINARY_EXT; with whole bytes it is what a TypeScript peer makes of a Uint8Array. */
  #readBits(): Uint8Array | BitString {
    const length = this.readUint32()
    const lastBits = this.readUint8()
    if (lastBits > 8 || (lastBits === 0) !== (length === 0)) {
      this.fail(
        'ETF_MALFORMED',
        `a bit string of ${length} bytes cannot have ${lastBits} bits in its last`,
        this.offset - 1,
      )
    }
    const bytes = this.readCopy(length)
    return lastBits === 8 || length === 0 ? bytes : new BitString(bytes, lastBits)
  }

  #readBig(length: number, large: boolean): number | bigint {
    const negative = this.readUint8() !== 0
    if (length > bigintBytesMax) this.fail('ETF_SIZE', `an integer of ${length} bytes is more than JavaScript can hold`)
    this.need(length)
    const start = this.offset
    this.offset += length
    const safe = large ? undefined : readSafeBig(this.bytes, start, length, negative)
    return safe ?? readBigint(this.bytes, start, length, negative)
  }

  /** STRING_EXT. */
  #readByteList(): number[] {
    const length = this.readUint16()
    this.need(length)
    const bytes = this.bytes
    const start = this.offset
    const list: number[] = new Array(length)
    for (let i = 0; i < length; i++) list[i] = bytes[start + i]!
    this.offset = start + length
    return list
  }

  #readList(): unknown {
    this.enter()
    let count = this.checkedCount(this.readUint32(), 1)
    const list = this.arrayOf(count)
    for (let length = 0; ; count = this.checkedCount(this.readUint32(), 1)) {
      for (let i = 0; i < count; i++) list[length++] = this.readValue()
      this.need(1)
      const tag = this.bytes[this.offset]!
      if (tag === 106) {
        this.offset++
        break
      }
      // A list as the tail of a list continues it, at no deeper level.
      if (tag === 108) {
        this.offset++
        continue
      }
      const tail = this.readValue()
      if (Array.isArray(tail)) {
        for (const element of tail) list.push(element)
        break
      }
      this.depth--
      return list.length === 0 ? tail : new ImproperList(list, tail)
    }
    this.depth--
    return list
  }

  #readTuple(arity: number): Tuple {
    this.enter()
    this.checkedCount(arity, 1)
    const elements = this.arrayOf(arity)
    for (let i = 0; i < arity; i++) elements[i] = this.readValue()
    this.depth--
    return new Tuple(elements)
  }

  /** NEW_FUN_EXT. */
  #readFun(): Fun {
    this.enter()
    const start = this.offset
    const size = this.readUint32()
    const arity = this.readUint8()
    const digest = this.readCopy(16)
    const index = this.readUint32()
    const freeCount = this.checkedCount(this.readUint32(), 1)
    const module = this.readAtomName()
    const oldIndex = this.#readSmallInteger()
    const oldUnique = this.#readSmallInteger()
    const pid = this.readTaggedPid()
    const free = this.#readFree(freeCount)
    if (this.offset - start !== size) {
      this.fail('ETF_MALFORMED', `a fun claims ${size} bytes and has ${this.offset - start}`, start)
    }
    return new Fun({ arity, digest, index, module, oldIndex, oldUnique, pid, free })
  }

  /** FUN_EXT. */
  #readOldFun(): Fun {
    this.enter()
    const freeCount = this.checkedCount(this.readUint32(), 1)
    const pid = this.readTaggedPid()
    const module = this.readAtomName()
    const oldIndex = this.#readSmallInteger()
    const oldUnique = this.#readSmallInteger()
    const free = this.#readFree(freeCount)
    return new Fun({ arity: undefined, digest: undefined, index: oldIndex, module, oldIndex, oldUnique, pid, free })
  }

  #readFree(count: number): unknown[] {
    const free = this.arrayOf(count)
    for (let i = 0; i < count; i++) free[i] = this.readValue()
    this.depth--
    return free
  }

  #readSmallInteger(): number {
    const start = this.offset
    const value = this.readValue()
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || this.bytes[start] === 70) {
      this.fail('ETF_MALFORMED', 'an integer is expected here', start)
    }
    return value
  }

  /** LOCAL_EXT: only its sender knows its format, and so its end. */
  #readLocal(): LocalTerm {
    this.offset++
    return new LocalTerm(this.readCopy(this.end - this.offset))
  }
}

const noBytes = Buffer.alloc(0) as TextBuffer

function asBuffer(bytes: Uint8Array): TextBuffer {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) as TextBuffer
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

const trueAtom = Atom.intern('true')
const falseAtom = Atom.intern('false')
const nilAtom = Atom.intern('nil')
const undefinedAtom = Atom.intern('undefined')

function atomValue(found: Atom): unknown {
  if (found === trueAtom) return true
  if (found === falseAtom) return false
  if (found === nilAtom) return null
  return found === undefinedAtom ? undefined : found
}
