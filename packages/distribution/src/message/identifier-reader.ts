import { type Atom, Pid, Reference } from '@tiebeam/etf'
import { ATOM_CACHE_REF, NEW_PID_EXT, NEWER_REFERENCE_EXT, SMALL_ATOM_UTF8_EXT } from './tags.ts'

/** Senders and receivers of a link repeat: so many pids are remembered, one per slot. */
const PIDS = 1024
const NAMES = 64
const REFERENCE_WORDS_MAX = 5

interface KnownName {
  readonly bytes: Buffer
  readonly text: string
}

/**
 * Reads pids, references and atoms of control messages in the forms that OTP and Tiebeam write today, and gives the same object again
 * for the same pid. Each method returns `undefined` for whatever it does not read, malformed or merely unusual: the general decoder
 * then has the word. After a success `offset` is behind the term.
 */
export class IdentifierReader {
  offset = 0
  readonly #pids: (Pid | undefined)[] = new Array(PIDS).fill(undefined)
  readonly #names: (KnownName | undefined)[] = new Array(NAMES).fill(undefined)

  readPid(bytes: Buffer, at: number, end: number, references: readonly Atom[]): Pid | undefined {
    if (bytes[at] !== NEW_PID_EXT) return undefined
    const node = this.readAtom(bytes, at + 1, end, references)
    if (node === undefined) return undefined
    const offset = this.offset
    if (offset + 12 > end) return undefined
    const id = uint32(bytes, offset)
    const serial = uint32(bytes, offset + 4)
    const creation = uint32(bytes, offset + 8)
    this.offset = offset + 12
    const slot = (id ^ (serial << 5)) & (PIDS - 1)
    const known = this.#pids[slot]
    if (
      known !== undefined &&
      known.id === id &&
      known.serial === serial &&
      known.creation === creation &&
      known.node === node
    ) {
      return known
    }
    const pid = new Pid(node, id, serial, creation)
    this.#pids[slot] = pid
    return pid
  }

  readReference(bytes: Buffer, at: number, end: number, references: readonly Atom[]): Reference | undefined {
    if (bytes[at] !== NEWER_REFERENCE_EXT || at + 3 > end) return undefined
    const words = ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
    if (words < 1 || words > REFERENCE_WORDS_MAX) return undefined
    const node = this.readAtom(bytes, at + 3, end, references)
    if (node === undefined || this.offset + 4 + words * 4 > end) return undefined
    const creation = uint32(bytes, this.offset)
    const ids: number[] = []
    let offset = this.offset + 4
    for (let word = 0; word < words; word++) {
      ids.push(uint32(bytes, offset))
      offset += 4
    }
    this.offset = offset
    return new Reference(node, creation, ids)
  }

  /** The text of an atom. */
  readAtom(bytes: Buffer, at: number, end: number, references: readonly Atom[]): string | undefined {
    if (at + 2 > end) return undefined
    const tag = bytes[at]
    if (tag === ATOM_CACHE_REF) {
      const index = bytes[at + 1] as number
      if (index >= references.length) return undefined
      this.offset = at + 2
      return (references[index] as Atom).name
    }
    if (tag !== SMALL_ATOM_UTF8_EXT) return undefined
    const start = at + 2
    const stop = start + (bytes[at + 1] as number)
    if (stop > end) return undefined
    this.offset = stop
    return this.#name(bytes, start, stop)
  }

  #name(bytes: Buffer, start: number, stop: number): string | undefined {
    const length = stop - start
    if (length === 0) return ''
    const slot = (length * 7 + (bytes[stop - 1] as number) + (bytes[start] as number) * 3) & (NAMES - 1)
    const known = this.#names[slot]
    if (known !== undefined && isSame(known.bytes, bytes, start, length)) return known.text
    const text = ascii(bytes, start, stop)
    if (text !== undefined) this.#names[slot] = { bytes: Buffer.from(bytes.subarray(start, stop)), text }
    return text
  }
}

function isSame(known: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false
  for (let index = 0; index < length; index++) if (known[index] !== bytes[start + index]) return false
  return true
}

/** Atoms with other characters are rare here, and their checks are the general decoder's. */
function ascii(bytes: Buffer, start: number, stop: number): string | undefined {
  for (let index = start; index < stop; index++) if ((bytes[index] as number) > 127) return undefined
  return bytes.toString('latin1', start, stop)
}

function uint32(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  )
}
