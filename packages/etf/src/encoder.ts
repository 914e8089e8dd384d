import { types } from 'node:util'
import { setStruct } from './dates.ts'
import { duplicateKeyIndex } from './duplicate-keys.ts'
import { faultOf } from './encode-fault.ts'
import { type EncodedKey, EncodedKeys } from './encoded-keys.ts'
import { EncodeError } from './errors.ts'
import { FixedWriter } from './fixed-writer.ts'
import { areBytes, takesLevel } from './levels.ts'
import { defaultDepthMax, defaultInitialBytes, defaultSizeBytesMax } from './limits.ts'
import { isRealmRoot } from './plain-objects.ts'
import type { Atom } from './values/atom.ts'
import type { BitString } from './values/bit-string.ts'
import type { Binary, Float, LocalTerm } from './values/exact.ts'
import type { ExportFun, Fun } from './values/fun.ts'
import { Pid, type Port, type Reference } from './values/identifiers.ts'
import type { ImproperList } from './values/improper-list.ts'
import { type Kind, kindOf } from './values/kind.ts'
import { Tuple } from './values/tuple.ts'

export interface EncoderInit {
  /** Size of the first allocation, in bytes. Default 64 KiB. */
  initialBytes?: number
  /** Levels of lists, tuples and maps inside each other. Default 1,000. */
  depthMax?: number
  /** Most bytes that may be written between two calls of {@link Encoder.take}. Default 256 MiB. */
  sizeBytesMax?: number
}

/**
 * Writes terms, and whatever surrounds them, one after the other into one growing buffer.
 * The form is the one of OTP's `term_to_binary(Term, [{minor_version, 2}])`.
 */
export class Encoder extends FixedWriter {
  readonly #depthMax: number
  /** Whether somebody made Object.prototype enumerable, so that a for-in loop would meet more than an object's own keys. */
  #inheritedKeys = false
  readonly #keys = new EncodedKeys()

  constructor(init: EncoderInit = {}) {
    super(init.initialBytes ?? defaultInitialBytes, init.sizeBytesMax ?? defaultSizeBytesMax)
    this.#depthMax = init.depthMax ?? defaultDepthMax
  }

  /**
   * Writes the term of a value, without the version byte 131.
   * @throws EncodeError with the path to the fault; `offset` is then what it was before
   */
  writeTerm(value: unknown): void {
    const start = this.offset
    this.#inheritedKeys = hasInheritedKeys()
    try {
      this.#writeValue(value, 0)
    } catch (error) {
      this.offset = start
      throw faultOf(value, error, this.#depthMax)
    }
  }

  #writeValue(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.writeText(value)
        return
      case 'number':
        this.#writeNumber(value)
        return
      case 'object':
        if (value === null) this.writeBytes(nilBytes)
        else this.#writeObject(value, depth + 1)
        return
      case 'boolean':
        this.writeBytes(value ? trueBytes : falseBytes)
        return
      case 'undefined':
        this.writeBytes(undefinedBytes)
        return
      case 'bigint':
        this.writeBigint(value)
        return
      default:
        throw new EncodeError('ETF_NO_TERM', '$', `a ${typeof value} has no term`)
    }
  }

  #writeNumber(value: number): void {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      this.writeInteger(value)
    } else if (Number.isSafeInteger(value) && value !== 0) {
      this.writeSafeBig(value)
    } else if (Number.isFinite(value)) {
      this.writeFloat(value)
    } else {
      throw new EncodeError('ETF_NO_TERM', '$', `${value} has no term`)
    }
  }

  #writeObject(value: object, depth: number): void {
    if (depth > this.#depthMax && takesLevel(value)) {
      throw new EncodeError('ETF_DEPTH', '$', `nested deeper than ${this.#depthMax} levels (depthMax)`)
    }
    if (Array.isArray(value)) {
      this.#writeArray(value, depth)
      return
    }
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) this.#writePlainObject(value, depth)
    else if (prototype === Tuple.prototype) this.#writeTuple(value as Tuple, depth)
    else if (prototype === Pid.prototype) this.writePid(value as Pid)
    else this.#writeInstance(value, prototype, depth)
  }

  #writePlainObject(value: object, depth: number): void {
    if (this.#inheritedKeys) {
      this.#writeOwnProperties(value, depth)
      return
    }
    const record = value as Record<string, unknown>
    const start = this.offset
    // The engine keeps the keys of a for-in loop with the object's hidden class; Object.keys() makes an array each time.
    this.writeMapHeader(0)
    let size = 0
    let encoded: EncodedKey | undefined = this.#keys.root
    for (const key in record) {
      const next: EncodedKey | undefined = encoded?.next
      if (next !== undefined && next.key === key) {
        this.writeBytes(next.bytes)
        encoded = next
      } else {
        encoded = this.#writeKey(encoded, key)
      }
      this.#writeValue(record[key], depth)
      size++
    }
    this.patchUint32(start + 1, size)
  }

  /** A key that did not follow that one last time. Returns it, if it is worth remembering what follows it. */
  #writeKey(after: EncodedKey | undefined, key: string): EncodedKey | undefined {
    const known = after === undefined ? undefined : this.#keys.find(after, key)
    if (known !== undefined) {
      this.writeBytes(known.bytes)
      return known
    }
    const start = this.offset
    this.writeText(key)
    return after === undefined ? undefined : this.#keys.keep(after, key, this.buffer.subarray(start, this.offset))
  }

  #writeOwnProperties(value: object, depth: number): void {
    const entries = Object.entries(value)
    this.writeMapHeader(entries.length)
    for (const [key, property] of entries) {
      this.writeText(key)
      this.#writeValue(property, depth)
    }
  }

  #writeArray(array: readonly unknown[], depth: number): void {
    const length = array.length
    if (length === 0) {
      this.writeNil()
    } else if (length < 65_536 && areBytes(array)) {
      this.#writeByteList(array)
    } else {
      this.writeTagged32(108, length)
      for (let i = 0; i < length; i++) this.#writeValue(array[i], depth)
      this.writeNil()
    }
  }

  /** STRING_EXT: OTP's short form of a list of 1 to 65,535 integers from 0 to 255. */
  #writeByteList(bytes: readonly number[]): void {
    const length = bytes.length
    this.ensure(3 + length)
    const store = this.store
    let at = this.at
    store[at++] = 107
    store[at++] = length >>> 8
    store[at++] = length
    for (let i = 0; i < length; i++) store[at++] = bytes[i]!
    this.at = at
  }

  #writeTuple(value: Tuple, depth: number): void {
    const elements = value.elements
    this.writeTupleHeader(elements.length)
    for (let i = 0; i < elements.length; i++) this.#writeValue(elements[i], depth)
  }

  #writeInstance(value: object, prototype: object, depth: number): void {
    const kind = kindOf(value)
    if (kind !== undefined) this.#writeKind(kind, value, depth)
    else if (types.isMap(value)) this.#writeMap(value, depth)
    else if (types.isUint8Array(value)) this.#writeBits(value, value.length === 0 ? 0 : 8)
    else if (types.isSet(value)) this.#writeSet(value, depth)
    else if (types.isDate(value)) this.writeDate(value)
    // The Object.prototype of another realm, such as a vm context.
    else if (isRealmRoot(prototype)) this.#writeOwnProperties(value, depth)
    else throw new EncodeError('ETF_NO_TERM', '$', 'an instance of a class has no term')
  }

  #writeKind(kind: Kind, value: object, depth: number): void {
    switch (kind) {
      case 'atom':
        this.writeAtomName((value as Atom).name)
        return
      case 'tuple':
        this.#writeTuple(value as Tuple, depth)
        return
      case 'pid':
        this.writePid(value as Pid)
        return
      case 'reference':
        this.writeReference(value as Reference)
        return
      case 'port':
        this.writePort(value as Port)
        return
      case 'fun':
        this.#writeFun(value as Fun, depth)
        return
      case 'exportFun':
        this.writeExport(value as ExportFun)
        return
      case 'improperList':
        this.#writeImproperList(value as ImproperList, depth)
        return
      case 'bitString':
        this.#writeBits((value as BitString).bytes, (value as BitString).lastBits)
        return
      case 'binary':
        this.writeTagged32(109, (value as Binary).bytes.length)
        this.writeBytes((value as Binary).bytes)
        return
      case 'float':
        this.writeFloat((value as Float).value)
        return
      case 'local':
        this.#writeLocal(value as LocalTerm, depth)
        return
    }
  }

  #writeMap(map: ReadonlyMap<unknown, unknown>, depth: number): void {
    this.#refuseDuplicates(map)
    this.writeMapHeader(map.size)
    for (const [key, value] of map) {
      this.#writeValue(key, depth)
      this.#writeValue(value, depth)
    }
  }

  /** A Set travels as Elixir's `%MapSet{}`, its members being the keys of a map whose values are `[]`. */
  #writeSet(set: ReadonlySet<unknown>, depth: number): void {
    this.#refuseDuplicates(set)
    this.writeMapHeader(3)
    // The decoder counts on this order: it learns that the map is a set before it comes to the members.
    this.writeAtomName('__struct__')
    this.writeAtomName(setStruct)
    this.writeAtomName('version')
    this.writeInteger(2)
    this.writeAtomName('map')
    this.writeMapHeader(set.size)
    for (const member of set) {
      this.#writeValue(member, depth + 1)
      this.writeNil()
    }
  }

  #refuseDuplicates(keys: { keys(): IterableIterator<unknown> }): void {
    if (duplicateKeyIndex(keys.keys()) >= 0)
      throw new EncodeError('ETF_DUPLICATE_KEY', '$', 'two keys are the same term')
  }

  #writeImproperList(list: ImproperList, depth: number): void {
    this.writeTagged32(108, list.elements.length)
    for (const element of list.elements) this.#writeValue(element, depth)
    this.#writeValue(list.tail, depth)
  }

  /** BIT_BINARY_EXT. Whole bytes take this form too, which OTP reads as a binary and a TypeScript peer as bytes. */
  #writeBits(bytes: Uint8Array, lastBits: number): void {
    this.writeTagged32(77, bytes.length)
    this.writeUint8(lastBits)
    this.writeBytes(bytes)
  }

  #writeFun(fun: Fun, depth: number): void {
    const { digest, arity, free } = fun
    if (digest === undefined || arity === undefined) {
      this.writeTagged32(117, free.length)
      this.writePid(fun.pid)
      this.writeAtomName(fun.module)
      this.#writeOldNumbers(fun)
      for (const value of free) this.#writeValue(value, depth)
      return
    }
    if (digest.length !== 16) throw new EncodeError('ETF_RANGE', '$', 'the digest of a fun has 16 bytes')
    // The size counts itself and all that follows; it is known only at the end.
    const start = this.offset
    this.writeTagged32(112, 0)
    this.writeByte(arity)
    this.writeBytes(digest)
    this.writeWord(fun.index)
    this.writeUint32(free.length)
    this.writeAtomName(fun.module)
    this.#writeOldNumbers(fun)
    this.writePid(fun.pid)
    for (const value of free) this.#writeValue(value, depth)
    this.patchUint32(start + 1, this.offset - start - 1)
  }

  #writeOldNumbers(fun: Fun): void {
    for (const number of [fun.oldIndex, fun.oldUnique]) {
      if (!Number.isSafeInteger(number)) throw new EncodeError('ETF_RANGE', '$', `${number} is not a safe integer`)
      this.#writeNumber(number)
    }
  }

  #writeLocal(value: LocalTerm, depth: number): void {
    if (depth > 1) throw new EncodeError('ETF_NO_TERM', '$', 'a local term may only stand by itself')
    this.writeUint8(121)
    this.writeBytes(value.bytes)
  }
}

function hasInheritedKeys(): boolean {
  for (const _ in nothing) return true
  return false
}

const nothing = {}
const nilBytes = smallAtom('nil')
const trueBytes = smallAtom('true')
const falseBytes = smallAtom('false')
const undefinedBytes = smallAtom('undefined')

function smallAtom(name: string): Uint8Array {
  return Uint8Array.of(119, name.length, ...Buffer.from(name))
}
