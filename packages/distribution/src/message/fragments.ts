import type { Atom } from '@tiebeam/etf'
import { DistributionError } from '../errors.ts'
import { malformed } from './malformed.ts'

export interface FragmentLimits {
  /** Bytes of one message put together from fragments. */
  readonly messageBytesMax: number
  /** Messages of which some fragments are still to come. */
  readonly sequencesMax: number
  /** Memory of all those messages together. */
  readonly partialBytesMax: number
}

/** A message put together: its terms, control first, and the atoms that they refer to. */
export interface Assembled {
  readonly bytes: Buffer
  readonly end: number
  readonly references: readonly Atom[]
}

interface Sequence {
  buffer: Buffer
  length: number
  /** The number of the fragment that must come next; they count down, and the last is 1. */
  due: number
  readonly references: readonly Atom[]
}

const BUFFER_BYTES_MIN = 4096
/** The first fragment may be a little shorter than the others. */
const RESERVE_BYTES = 1024

/**
 * Puts fragments together: "Distribution Header for fragmented messages" in OTP's External Term Format guide. Fragments of one sequence
 * come in order, those of several sequences interleave. Memory grows with what has arrived, not with what a first fragment announces.
 */
export class FragmentAssembler {
  readonly #limits: FragmentLimits
  readonly #sequences = new Map<bigint, Sequence>()
  #partialBytes = 0

  constructor(limits: FragmentLimits) {
    this.#limits = limits
  }

  /** Memory of messages of which some fragments are still to come. */
  get partialBytes(): number {
    return this.#partialBytes
  }

  /** Messages of which some fragments are still to come. */
  get sequences(): number {
    return this.#sequences.size
  }

  /** Takes the first of `fragmentId` fragments, more than one. */
  begin(
    sequenceId: bigint,
    fragmentId: bigint,
    references: readonly Atom[],
    bytes: Buffer,
    at: number,
    end: number,
  ): void {
    if (this.#sequences.has(sequenceId)) throw malformed('a sequence of fragments begins anew before its end')
    if (this.#sequences.size >= this.#limits.sequencesMax) {
      throw this.#limit(`${this.#sequences.size + 1} unfinished messages`, 'sequencesMax', this.#limits.sequencesMax)
    }
    const sequence: Sequence = {
      buffer: Buffer.alloc(0),
      length: 0,
      due: toNumber(fragmentId) - 1,
      references: references.slice(),
    }
    this.#sequences.set(sequenceId, sequence)
    this.#reserve(sequence, (end - at) * toNumber(fragmentId))
    this.#append(sequence, bytes, at, end)
  }

  /**
   * Fragments are of about the same length, so the first tells that of the message. Its memory is only reserved: the system gives it
   * page by page, when bytes are put there, and nothing is copied when more of them come. What is claimed beyond half of the limits
   * is not reserved but grown into.
   */
  #reserve(sequence: Sequence, bytes: number): void {
    const capacity = bytes + RESERVE_BYTES
    if (capacity > this.#limits.messageBytesMax) return
    if (this.#partialBytes + capacity > this.#limits.partialBytesMax / 2) return
    sequence.buffer = Buffer.allocUnsafeSlow(capacity)
    this.#partialBytes += capacity
  }

  /** Takes a further fragment; gives the whole message when it is the last one. */
  append(sequenceId: bigint, fragmentId: bigint, bytes: Buffer, at: number, end: number): Assembled | undefined {
    const sequence = this.#sequences.get(sequenceId)
    if (sequence === undefined) throw malformed('a fragment belongs to no sequence')
    if (toNumber(fragmentId) !== sequence.due) {
      throw malformed(`fragment ${fragmentId} came where ${sequence.due} was due`)
    }
    this.#append(sequence, bytes, at, end)
    if (sequence.due > 1) {
      sequence.due -= 1
      return undefined
    }
    this.#sequences.delete(sequenceId)
    this.#partialBytes -= sequence.buffer.length
    return { bytes: sequence.buffer, end: sequence.length, references: sequence.references }
  }

  #append(sequence: Sequence, bytes: Buffer, at: number, end: number): void {
    const length = sequence.length + end - at
    if (length > this.#limits.messageBytesMax) {
      throw new DistributionError(
        'MESSAGE_TOO_LARGE',
        `The peer sends a message of more than messageBytesMax (${this.#limits.messageBytesMax}). Raise it if such messages are wanted.`,
      )
    }
    if (length > sequence.buffer.length) this.#grow(sequence, length)
    bytes.copy(sequence.buffer, sequence.length, at, end)
    sequence.length = length
  }

  #grow(sequence: Sequence, needed: number): void {
    const doubled = Math.max(needed, sequence.buffer.length * 2, BUFFER_BYTES_MIN)
    const capacity = Math.max(needed, Math.min(doubled, this.#limits.messageBytesMax))
    const partialBytes = this.#partialBytes + capacity - sequence.buffer.length
    if (partialBytes > this.#limits.partialBytesMax) {
      throw this.#limit(`${partialBytes} bytes of unfinished messages`, 'partialBytesMax', this.#limits.partialBytesMax)
    }
    const grown = Buffer.allocUnsafeSlow(capacity)
    sequence.buffer.copy(grown, 0, 0, sequence.length)
    sequence.buffer = grown
    this.#partialBytes = partialBytes
  }

  #limit(what: string, name: string, max: number): DistributionError {
    return new DistributionError(
      'FRAGMENTS_LIMIT',
      `The peer has ${what} under way, more than ${name} (${max}) allows. Raise it if the peer really sends so many large messages at once.`,
    )
  }
}

function toNumber(fragmentId: bigint): number {
  if (fragmentId < 1n || fragmentId > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw malformed(`a fragment has the number ${fragmentId}`)
  }
  return Number(fragmentId)
}
