import type { Uid } from '../../member.ts'
import type { Proposal } from '../message.ts'

interface Writer {
  settled: number
  readonly refused: Set<number>
}

/**
 * Transactions that were refused for want of room. Rule 9, once: another copy of one may still be on its way, and there may be room when
 * it comes; but its writer was told that it did not take place. A conflict needs no memory: it is one for each copy. None is needed beyond
 * the view either, for what was sent in it is not heeded after it.
 */
export class Refusals {
  readonly #writers = new Map<Uid, Writer>()

  add(uid: Uid, sequence: number): void {
    this.#writer(uid).refused.add(sequence)
  }

  has(uid: Uid, sequence: number): boolean {
    return this.#writers.get(uid)?.refused.has(sequence) === true
  }

  /** Whether its writer waits for it no more. */
  isSettled(uid: Uid, { sequence, settled }: Proposal): boolean {
    const writer = this.#writers.get(uid)
    if (writer === undefined) return false
    if (settled > writer.settled) {
      writer.settled = settled
      for (const each of writer.refused) if (each <= settled) writer.refused.delete(each)
    }
    return sequence <= writer.settled
  }

  #writer(uid: Uid): Writer {
    const known = this.#writers.get(uid)
    if (known !== undefined) return known
    const writer = { settled: 0, refused: new Set<number>() }
    this.#writers.set(uid, writer)
    return writer
  }
}
