import { atom, Encoder, type Pid, type Reference } from '@tiebeam/etf'
import { NEW_PID_EXT, NEWER_REFERENCE_EXT } from './tags.ts'

/** A link carries the names of two nodes, and rarely those of others, besides the names that messages are sent to. */
const NAMES_MAX = 256
const REFERENCE_WORDS_MAX = 5

/** Writes pids, references and atoms of control messages. The bytes of atoms are remembered: they take most of the time. */
export class IdentifierWriter {
  readonly #atoms = new Map<string, Buffer>()
  readonly #encoder = new Encoder({ initialBytes: 1024 })

  writePid(encoder: Encoder, pid: Pid): void {
    if (!isUint32(pid.id) || !isUint32(pid.serial) || !isUint32(pid.creation)) {
      // Refuses it, with its reason.
      encoder.writeTerm(pid)
      return
    }
    const node = this.#atom(pid.node)
    encoder.ensure(13 + node.length)
    const { buffer } = encoder
    const at = encoder.offset
    buffer[at] = NEW_PID_EXT
    buffer.set(node, at + 1)
    const end = at + 1 + node.length
    encoder.patchUint32(end, pid.id)
    encoder.patchUint32(end + 4, pid.serial)
    encoder.patchUint32(end + 8, pid.creation)
    encoder.offset = end + 12
  }

  writeReference(encoder: Encoder, reference: Reference): void {
    const { ids } = reference
    if (ids.length > REFERENCE_WORDS_MAX || !isUint32(reference.creation) || !ids.every(isUint32)) {
      encoder.writeTerm(reference)
      return
    }
    const node = this.#atom(reference.node)
    encoder.ensure(7 + node.length + 4 * ids.length)
    const { buffer } = encoder
    const at = encoder.offset
    buffer[at] = NEWER_REFERENCE_EXT
    buffer[at + 1] = 0
    buffer[at + 2] = ids.length
    buffer.set(node, at + 3)
    let end = at + 3 + node.length
    encoder.patchUint32(end, reference.creation)
    for (let index = 0; index < ids.length; index++) {
      end += 4
      encoder.patchUint32(end, ids[index] as number)
    }
    encoder.offset = end + 4
  }

  /** @throws EncodeError when it has more than 255 characters */
  writeAtom(encoder: Encoder, name: string): void {
    encoder.writeBytes(this.#atom(name))
  }

  #atom(name: string): Buffer {
    const known = this.#atoms.get(name)
    if (known !== undefined) return known
    if (this.#atoms.size >= NAMES_MAX) this.#atoms.clear()
    this.#encoder.offset = 0
    this.#encoder.writeTerm(atom(name))
    const bytes = Buffer.from(this.#encoder.buffer.subarray(0, this.#encoder.offset))
    this.#atoms.set(name, bytes)
    return bytes
  }
}

function isUint32(value: number): boolean {
  return value >>> 0 === value
}
