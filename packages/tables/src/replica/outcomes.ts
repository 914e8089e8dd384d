import type { Uid } from '../member.ts'
import type { Entry, Origin } from './entry.ts'

/** What is remembered of one writer. Plain data, because it travels in snapshots. */
export interface WriterRecord {
  readonly uid: Uid
  readonly settled: number
  /** Sequences beyond `settled` that are committed. */
  readonly committed: readonly number[]
  /** Whether it is in the view of the last applied view entry. */
  readonly present: boolean
}

interface Writer {
  settled: number
  readonly committed: Set<number>
  present: boolean
}

/**
 * Rule 9, once: the outcomes of transactions, so that one which is asked for again is not done again. It is made from the log
 * alone, and so is the same at every member that has applied as much.
 */
export class Outcomes {
  readonly #writers = new Map<Uid, Writer>()

  apply({ body }: Entry): void {
    switch (body.type) {
      case 'view': {
        for (const writer of this.#writers.values()) writer.present = false
        for (const uid of body.uids) this.#writer(uid).present = true
        return
      }
      case 'transaction':
        this.#record(body.origin)
        return
      case 'forget':
        for (const uid of body.uids) this.#writers.delete(uid)
        return
      case 'expiry':
        return
    }
  }

  /** Whether this transaction is committed; one that its writer has settled counts as committed, for it must not be done again. */
  has(uid: Uid, sequence: number): boolean {
    const writer = this.#writers.get(uid)
    return writer !== undefined && (sequence <= writer.settled || writer.committed.has(sequence))
  }

  /** Whether the outcomes of this writer are still remembered, so that one that is missing was not committed. */
  knows(uid: Uid): boolean {
    return this.#writers.has(uid)
  }

  /** Writers that are in the view no longer. */
  departed(): Uid[] {
    return [...this.#writers].filter(([, writer]) => !writer.present).map(([uid]) => uid)
  }

  records(): WriterRecord[] {
    return [...this.#writers].map(([uid, { settled, committed, present }]) => ({
      uid,
      settled,
      committed: [...committed],
      present,
    }))
  }

  load(records: readonly WriterRecord[]): void {
    for (const { uid, settled, committed, present } of records) {
      this.#writers.set(uid, { settled, committed: new Set(committed), present })
    }
  }

  #writer(uid: Uid): Writer {
    const known = this.#writers.get(uid)
    if (known !== undefined) return known
    const writer = { settled: 0, committed: new Set<number>(), present: true }
    this.#writers.set(uid, writer)
    return writer
  }

  #record({ uid, sequence, settled }: Origin): void {
    const writer = this.#writer(uid)
    writer.committed.add(sequence)
    if (settled <= writer.settled) return
    writer.settled = settled
    // They are mostly in order. What stands behind one that is not settled yet goes with that one.
    for (const done of writer.committed) {
      if (done > settled) break
      writer.committed.delete(done)
    }
  }
}
