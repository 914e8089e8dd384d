import { IdentifierReader } from './identifier-reader.ts'
import { type KeyShape, KeyShapes } from './key-shapes.ts'
import { MapKeys } from './map-keys.ts'
import { isSetStruct, mapField, structField, structFrom, textObject } from './structs.ts'
import { readText } from './texts.ts'

/**
 * How deep maps may be keys of maps that are keys, and so on. Whether two keys are the same term takes a look at all of
 * each, so that without this limit the time would grow with the square of the depth. Nobody has use for more than two.
 */
const keyDepthMax = 16
/** Longest text under a key that is compared with the one before, in bytes. */
const textBytesMax = 16

/** Reads maps: what becomes a plain object, what a Map, a Date or a Set, and that no key is lost on the way. */
export abstract class MapReader extends IdentifierReader {
  protected exact = false
  protected depth = 0
  /** How many keys of maps we are within. */
  protected keyDepth = 0
  readonly #atomKeysToStrings: boolean
  readonly #depthMax: number
  readonly #shapes = new KeyShapes()

  constructor(atomCharactersMax: number, depthMax: number, atomKeysToStrings: boolean) {
    super(atomCharactersMax)
    this.#depthMax = depthMax
    this.#atomKeysToStrings = atomKeysToStrings
  }

  protected abstract readValue(): unknown

  /** Every term that contains terms calls this before them, and takes one off `depth` after them. */
  protected enter(): void {
    if (++this.depth > this.#depthMax) {
      this.fail('ETF_DEPTH', `nested deeper than ${this.#depthMax} levels (depthMax)`, this.offset - 1)
    }
  }

  /** MAP_EXT. */
  protected readMap(): unknown {
    this.enter()
    const size = this.checkedCount(this.readUint32(), 2)
    let value: unknown
    if (this.exact) value = this.#readEntries(new Map(), size)
    else if (size === 0) value = {}
    else if (this.bytes[this.offset] === 109) value = this.#readObject(size)
    else value = this.#settled(this.#readEntries(new Map(), size))
    this.depth--
    return value
  }

  /** A map that starts with a binary as key: a plain object, as long as all keys turn out to be text. */
  #readObject(size: number): unknown {
    const values = this.arrayOf(size)
    let shape = this.#shapes.root
    for (let i = 0; i < size; i++) {
      const next = this.#readShape(shape)
      if (next === undefined) return this.#readLooseObject(shape.keys(), values, size)
      shape = next
      values[i] = this.bytes[this.offset] === 109 ? this.#readTextUnder(shape) : this.readValue()
    }
    return shape.builder === undefined ? this.#shapes.build(shape, values) : shape.builder(values)
  }

  /** A binary. A text that repeats is the same string, which takes no time to make and no memory to keep. */
  #readTextUnder(shape: KeyShape): unknown {
    const { bytes, offset } = this
    const length = bytes[offset + 4]!
    const isShort =
      length <= textBytesMax && bytes[offset + 3] === 0 && bytes[offset + 2] === 0 && bytes[offset + 1] === 0
    if (!isShort || offset + 5 + length > this.end) return this.readValue()
    if (shape.repeats(bytes, offset + 5, length)) {
      this.offset = offset + 5 + length
      return shape.text
    }
    const value = this.readValue()
    if (typeof value === 'string') shape.text = value
    return value
  }

  /** Reads the next key if it is text that the shapes know or take up; else leaves `offset` before the key. */
  #readShape(shape: KeyShape): KeyShape | undefined {
    const bytes = this.bytes
    const start = this.offset + 5
    if (start > this.end || bytes[start - 5] !== 109) return undefined
    const length =
      ((bytes[start - 4]! << 24) | (bytes[start - 3]! << 16) | (bytes[start - 2]! << 8) | bytes[start - 1]!) >>> 0
    if (length > this.end - start) return undefined
    let next = shape.next
    if (next?.matches(bytes, start, length) !== true) {
      next = shape.other
      if (next?.matches(bytes, start, length) === true) {
        shape.other = shape.next
        shape.next = next
      } else {
        const key = readText(bytes, start, length)
        next = key === undefined ? undefined : this.#shapes.follow(shape, key, bytes, start, length)
        if (next === undefined) return undefined
      }
    }
    this.offset = start + length
    return next
  }

  /** Goes on with an object whose keys are not worth remembering, or are no text. */
  #readLooseObject(keys: readonly string[], values: readonly unknown[], size: number): unknown {
    const entries = new Map<string, unknown>()
    for (const [index, key] of keys.entries()) entries.set(key, values[index])
    while (entries.size < size) {
      const start = this.offset
      this.need(1)
      const key = this.bytes[start] === 109 ? this.#readKey() : undefined
      if (typeof key !== 'string') {
        this.offset = start
        return this.#settled(this.#readEntries(entries, size))
      }
      if (entries.has(key)) this.#duplicate(start)
      entries.set(key, this.readValue())
    }
    return Object.fromEntries(entries)
  }

  /** What a comfortable decoder makes of a map with other keys than text. */
  #settled(map: Map<unknown, unknown>): unknown {
    return structFrom(map) ?? (this.#atomKeysToStrings ? textObject(map) : undefined) ?? map
  }

  #readEntries(map: Map<unknown, unknown>, size: number): Map<unknown, unknown> {
    const keys = new MapKeys()
    for (let expected = map.size + 1; expected <= size; expected++) {
      const start = this.offset
      const key = this.#readKey()
      keys.add(key, start)
      map.set(key, this.#readEntryValue(map, key))
      if (map.size !== expected) this.#duplicate(start)
    }
    return keys.settled(map, (start) => this.#readExactly(start))
  }

  #readEntryValue(map: Map<unknown, unknown>, key: unknown): unknown {
    if (key === mapField && !this.exact && isSetStruct(map.get(structField))) return this.#readMembers()
    return this.readValue()
  }

  /** The members of a %MapSet{}, in order: a map even if all its keys are text. */
  #readMembers(): unknown {
    this.need(1)
    if (this.bytes[this.offset] !== 116) return this.readValue()
    this.offset++
    this.enter()
    const map = this.#readEntries(new Map(), this.checkedCount(this.readUint32(), 2))
    this.depth--
    return map
  }

  /**
   * A key of a map. Text is a string also where other binaries are bytes, since nobody could look up bytes; a float such
   * as 1.0 stays a Float, since 1 may be a key of the same map.
   */
  #readKey(): unknown {
    this.need(1)
    const start = this.offset
    const tag = this.bytes[start]
    if (tag === 109 && !this.exact) {
      this.offset++
      return this.readTextOrBytes(this.readUint32())
    }
    if (++this.keyDepth > keyDepthMax) {
      this.fail('ETF_DEPTH', `maps are keys of maps to more than ${keyDepthMax} levels`, start)
    }
    const key = this.readValue()
    this.keyDepth--
    if (this.exact) return key
    return (tag === 70 || tag === 99) && Number.isSafeInteger(key) ? this.#readExactly(start) : key
  }

  /** Reads once more the key that starts there, in its exact form. */
  #readExactly(start: number): unknown {
    const { offset, exact } = this
    this.offset = start
    this.exact = true
    const key = this.readValue()
    this.exact = exact
    this.offset = offset
    return key
  }

  #duplicate(start: number): never {
    this.fail('ETF_DUPLICATE_KEY', 'a key stands twice in a map, which OTP refuses too', start)
  }

  /** The text in the next bytes, or a copy of them when they are not UTF-8. */
  protected readTextOrBytes(length: number): string | Uint8Array {
    this.need(length)
    const text = readText(this.bytes, this.offset, length)
    if (text === undefined) return this.readCopy(length)
    this.offset += length
    return text
  }
}
