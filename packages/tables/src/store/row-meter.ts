import { types } from 'node:util'
import type { MapKey } from './key.ts'
import type { Row } from './write.ts'

/** An entry of a `Map`, and its share of the room that the map has to grow. */
const ENTRY_BYTES = 48
const OBJECT_BYTES = 24
const REFERENCE_BYTES = 8
const STRING_BYTES = 16
const NUMBER_BYTES = 16

/**
 * Freezes a row, in depth, and estimates the memory that it takes: that of V8 on 64 bits, with one byte for each character, and
 * without the names of fields, which rows of one shape share. It is meant to compare with a limit, not to be exact.
 */
export class RowMeter {
  #isFixed = true

  /** Whether the row measured last cannot be changed in place. Bytes, dates, maps and sets cannot be frozen. */
  get isFixed(): boolean {
    return this.#isFixed
  }

  measure(name: MapKey, row: Row): number {
    this.#isFixed = true
    let bytes = ENTRY_BYTES + OBJECT_BYTES
    if (typeof name === 'string') bytes += STRING_BYTES + name.length
    for (const field in row) bytes += REFERENCE_BYTES + this.#bytesOf(row[field])
    if (this.#isFixed) Object.freeze(row)
    return bytes
  }

  #bytesOf(value: unknown): number {
    switch (typeof value) {
      case 'string':
        return STRING_BYTES + value.length
      case 'number':
        return (value | 0) === value ? 0 : NUMBER_BYTES
      case 'bigint':
        return NUMBER_BYTES
      case 'object':
        return value === null ? 0 : OBJECT_BYTES + this.#bytesOfObject(value)
      default:
        return 0
    }
  }

  #bytesOfObject(value: object): number {
    let bytes = 0
    if (Array.isArray(value)) {
      for (const element of value) bytes += REFERENCE_BYTES + this.#bytesOf(element)
    } else if (types.isUint8Array(value)) {
      this.#isFixed = false
      return 3 * OBJECT_BYTES + value.length
    } else if (types.isMap(value) || types.isSet(value)) {
      this.#isFixed = false
      for (const [key, element] of value.entries()) bytes += ENTRY_BYTES + this.#bytesOf(key) + this.#bytesOf(element)
      return bytes
    } else if (types.isDate(value)) {
      this.#isFixed = false
      return OBJECT_BYTES
    } else if (!isPlain(value)) {
      // A term of another kind: an atom, a pid, a tuple. They do not change.
      return 2 * OBJECT_BYTES
    } else {
      for (const field in value) {
        bytes += REFERENCE_BYTES + this.#bytesOf((value as Record<string, unknown>)[field])
      }
    }
    Object.freeze(value)
    return bytes
  }
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
