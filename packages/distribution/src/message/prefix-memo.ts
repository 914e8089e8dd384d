import type { Atom, Pid } from '@tiebeam/etf'

/** What a frame says before its payload: between whom, and the atoms that the payload may refer to. */
export interface MessagePrefix {
  readonly from: Pid
  /** A process, or the registered name of one. */
  readonly to: Pid | string
  readonly references: readonly Atom[]
  /** Bytes from the start of the frame to its payload. */
  readonly length: number
}

interface Known extends MessagePrefix {
  readonly words: Int32Array
  readonly cacheVersion: number
}

/** One slot per pair of sender and receiver, a power of two. */
const SLOTS = 256
/** Two long node names, two pids and a header fit easily. */
const PREFIX_BYTES_MAX = 512
/** A receiver's number, serial and creation are the last 12 bytes before the payload. */
const RECEIVER_BYTES = 12
/** After so many prefixes in a row that were not known, only one in {@link KEPT_OF} is kept: keeping costs more than reading. */
const MISSES_MAX = 256
const KEPT_OF = 16
/** Layouts by the number of references in the header; without any, by operation. */
const LAYOUTS = 512

/**
 * Remembers the prefixes of messages. Whoever sends a lot sends to the same processes again and again, and then all that precedes the
 * payload is the same bytes: comparing them, four at a time, is several times faster than reading them.
 *
 * A prefix that refers to the atom cache means the same only as long as the cache does, which its version tells.
 */
export class PrefixMemo {
  readonly #known: (Known | undefined)[] = new Array(SLOTS).fill(undefined)
  /** Where the sender's number was in the last prefix of each layout, and how long that was: where to look first. */
  readonly #senderAt = new Int32Array(LAYOUTS)
  readonly #lengths = new Int32Array(LAYOUTS)
  #misses = 0

  /** The prefix that begins at `start`, when it is known and a payload follows. */
  find(view: DataView, start: number, end: number, cacheVersion: number): MessagePrefix | undefined {
    if (start + 8 > end) return undefined
    const layout = layoutOf(view, start)
    const length = this.#lengths[layout] as number
    if (length === 0 || start + length >= end) return undefined
    const known = this.#known[slotOf(view, start + (this.#senderAt[layout] as number), start + length)]
    if (known === undefined || known.length !== length || known.cacheVersion !== cacheVersion) return undefined
    const { words } = known
    const last = words.length - 1
    for (let index = 0; index < last; index++) {
      if (view.getInt32(start + index * 4) !== words[index]) return undefined
    }
    // The last word overlaps the one before it, so that the length need not be a multiple of four.
    if (view.getInt32(start + length - 4) !== words[last]) return undefined
    this.#misses = 0
    return known
  }

  /**
   * Keeps a prefix that has just been read.
   * @param senderAt where the number of the sender lies, counted from the start of the frame
   */
  keep(view: DataView, start: number, senderAt: number, prefix: MessagePrefix, cacheVersion: number): void {
    const { length } = prefix
    this.#misses += 1
    if (length > PREFIX_BYTES_MAX || (this.#misses > MISSES_MAX && this.#misses % KEPT_OF !== 0)) return
    const words = new Int32Array(Math.ceil(length / 4))
    for (let index = 0; index < words.length - 1; index++) words[index] = view.getInt32(start + index * 4)
    words[words.length - 1] = view.getInt32(start + length - 4)
    const layout = layoutOf(view, start)
    this.#senderAt[layout] = senderAt
    this.#lengths[layout] = length
    const { from, to, references } = prefix
    this.#known[slotOf(view, start + senderAt, start + length)] = {
      from,
      to,
      references: references.length === 0 ? references : references.slice(),
      length,
      words,
      cacheVersion,
    }
  }
}

/** The operation follows three bytes of header, when that has no references, and three of the control tuple. */
function layoutOf(view: DataView, start: number): number {
  const references = view.getUint8(start + 2)
  return references === 0 ? 256 + view.getUint8(start + 6) : references
}

function slotOf(view: DataView, senderAt: number, end: number): number {
  return (view.getInt32(senderAt) * 31 + view.getInt32(end - RECEIVER_BYTES)) & (SLOTS - 1)
}
