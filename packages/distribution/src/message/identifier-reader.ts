import { type Atom, Pid, Reference } from '@tiebeam/etf'
import { ATOM_CACHE_REF, NEW_PID_EXT, NEWER_REFERENCE_EXT, SMALL_ATOM_UTF8_EXT } from './tags.ts'

/** Senders and receivers of a link repeat: so many pids are remembered, one per slot. */
const PIDS = 1024
const NAMES = 64
const REFERENCE_WORDS_MAX = 5

interface KnownName {
  readonly text: string
  /** Its four bytes or more, four at a time; the last four may overlap those before them. */
  readonly words: Int32Array
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

  readPid(view: DataView, at: number, end: number, references: readonly Atom[]): Pid | undefined {
    if (at >= end || view.getUint8(at) !== NEW_PID_EXT) return undefined
    const node = this.readAtom(view, at + 1, end, references)
    if (node === undefined) return undefined
    const offset = this.offset
    if (offset + 12 > end) return undefined
    const id = view.getUint32(offset)
    const serial = view.getUint32(offset + 4)
    const creation = view.getUint32(offset + 8)
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

  readReference(view: DataView, at: number, end: number, references: readonly Atom[]): Reference | undefined {
    if (at + 3 > end || view.getUint8(at) !== NEWER_REFERENCE_EXT) return undefined
    const words = view.getUint16(at + 1)
    if (words < 1 || words > REFERENCE_WORDS_MAX) return undefined
    const node = this.readAtom(view, at + 3, end, references)
    if (node === undefined || this.offset + 4 + words * 4 > end) return undefined
    const creation = view.getUint32(this.offset)
    const ids: number[] = []
    let offset = this.offset + 4
    for (let word = 0; word < words; word++) {
      ids.push(view.getUint32(offset))
      offset += 4
    }
    this.offset = offset
    return new Reference(node, creation, ids)
  }

  /** The text of an atom. */
  readAtom(view: DataView, at: number, end: number, references: readonly Atom[]): string | undefined {
    if (at + 2 > end) return undefined
    const tag = view.getUint8(at)
    if (tag === ATOM_CACHE_REF) {
      const index = view.getUint8(at + 1)
      if (index >= references.length) return undefined
      this.offset = at + 2
      return (references[index] as Atom).name
    }
    if (tag !== SMALL_ATOM_UTF8_EXT) return undefined
    const start = at + 2
    const length = view.getUint8(at + 1)
    if (start + length > end) return undefined
    this.offset = start + length
    return this.#name(view, start, length)
  }

  #name(view: DataView, start: number, length: number): string | undefined {
    if (length < 4) return ascii(view, start, length)
    const slot = (length * 7 + view.getUint8(start + length - 1) + view.getUint8(start) * 3) & (NAMES - 1)
    const known = this.#names[slot]
    if (known !== undefined && isSame(known, view, start, length)) return known.text
    const text = ascii(view, start, length)
    if (text !== undefined) this.#names[slot] = { text, words: wordsOf(view, start, length) }
    return text
  }
}

function wordsOf(view: DataView, start: number, length: number): Int32Array {
  const words = new Int32Array(Math.ceil(length / 4))
  for (let index = 0; index < words.length - 1; index++) words[index] = view.getInt32(start + index * 4)
  words[words.length - 1] = view.getInt32(start + length - 4)
  return words
}

function isSame(known: KnownName, view: DataView, start: number, length: number): boolean {
  const { words, text } = known
  if (text.length !== length) return false
  const last = words.length - 1
  for (let index = 0; index < last; index++) if (view.getInt32(start + index * 4) !== words[index]) return false
  return view.getInt32(start + length - 4) === words[last]
}

/** Atoms with other characters are rare here, and their checks are the general decoder's. */
function ascii(view: DataView, start: number, length: number): string | undefined {
  let text = ''
  for (let index = start; index < start + length; index++) {
    const character = view.getUint8(index)
    if (character > 127) return undefined
    text += String.fromCharCode(character)
  }
  return text
}
