import { isUtf8 } from 'node:buffer'
import { type Atom, atom } from '@tiebeam/etf'
import { malformed } from './malformed.ts'

/** 8 segments of 256 entries, fixed by the protocol: the cache cannot grow beyond. */
const ENTRIES = 2048
const NEW_ENTRY = 8
const SEGMENT = 7

const NO_REFERENCES: readonly Atom[] = []

/**
 * The receiving side of the atom cache: "Distribution Header" in OTP's External Term Format guide. Each message begins with the list
 * of cache entries that its terms refer to by index, new ones with their text.
 */
export class AtomCache {
  /** Where the terms begin, after {@link readReferences}. */
  offset = 0
  /** Changes whenever an entry does. */
  version = 0
  readonly #entries: (Atom | undefined)[] = new Array(ENTRIES).fill(undefined)
  readonly #references: Atom[] = []

  /**
   * Reads the list at `at`, the number of its entries first, and keeps what is new.
   * @returns the atoms by index; valid until the next call
   * @throws DistributionError `MESSAGE_MALFORMED`
   */
  readReferences(bytes: Buffer, at: number, end: number): readonly Atom[] {
    if (at >= end) throw malformed('its header ends too early')
    const count = bytes[at] as number
    if (count === 0) {
      this.offset = at + 1
      return NO_REFERENCES
    }
    const flagsAt = at + 1
    let offset = flagsAt + (count >> 1) + 1
    if (offset + count > end) throw malformed('its header ends too early')
    const lengthBytes = (halfByte(bytes, flagsAt, count) & 1) === 0 ? 1 : 2
    const references = this.#references
    references.length = count
    for (let index = 0; index < count; index++) {
      const flags = halfByte(bytes, flagsAt, index)
      if (offset >= end) throw malformed('its header ends too early')
      const slot = ((flags & SEGMENT) << 8) | (bytes[offset] as number)
      offset += 1
      if ((flags & NEW_ENTRY) !== 0) {
        const textAt = offset + lengthBytes
        if (textAt > end) throw malformed('its header ends too early')
        const textBytes = lengthBytes === 1 ? (bytes[offset] as number) : bytes.readUInt16BE(offset)
        offset = textAt + textBytes
        if (offset > end) throw malformed('an atom in its header ends too early')
        this.#entries[slot] = toAtom(bytes, textAt, offset)
        this.version += 1
      }
      const entry = this.#entries[slot]
      if (entry === undefined) throw malformed(`its header refers to entry ${slot} of the atom cache, which is empty`)
      references[index] = entry
    }
    this.offset = offset
    return references
  }
}

/** The lower half of a byte comes first. */
function halfByte(bytes: Buffer, at: number, index: number): number {
  const byte = bytes[at + (index >> 1)] as number
  return (index & 1) === 0 ? byte & 15 : byte >> 4
}

function toAtom(bytes: Buffer, start: number, end: number): Atom {
  const text = bytes.subarray(start, end)
  if (!isUtf8(text)) throw malformed('an atom in its header is not UTF-8')
  try {
    return atom(text.toString('utf8'))
  } catch (error) {
    throw malformed('an atom in its header is too long', error)
  }
}
