import type { Member, Uid } from '../../member.ts'
import type { Read } from '../../store/read.ts'
import type { Copy } from '../copy.ts'
import type { Entry, EntryBody } from '../entry.ts'
import type { Proposal, Refuse } from '../message.ts'
import type { Rules } from '../rules.ts'
import { LastWrites } from './last-writes.ts'
import { Refusals } from './refusals.ts'
import { Room } from './room.ts'

/** What becomes of a proposed transaction at the primary. */
type Verdict =
  | { readonly type: 'append'; readonly body: EntryBody }
  | { readonly type: 'refuse'; readonly refuse: Refuse }
  /** Known already. */
  | { readonly type: 'nothing' }

/** Rule 9, once, and the check of what a transaction read, both against the newest appended state. */
export class Proposals {
  readonly #rules: Rules
  readonly #copy: Copy
  /** Transactions in the log that are not applied yet. */
  readonly #underWay = new Map<Uid, Set<number>>()
  readonly #lastWrites: LastWrites
  readonly #room: Room
  readonly #refusals = new Refusals()

  constructor(rules: Rules, copy: Copy, storeBytesMax: number) {
    this.#rules = rules
    this.#copy = copy
    this.#room = new Room(copy, storeBytesMax)
    this.#lastWrites = new LastWrites(copy.log)
    for (const { body } of copy.log.from(copy.applied + 1)) this.#begin(body)
  }

  judge(from: Member, proposal: Proposal): Verdict {
    const { sequence, attempt, settled, snapshot, reads, writes } = proposal
    // Its entry reaches the writer as all entries do, and needs no other answer.
    if (this.#copy.outcomes.has(from.uid, sequence)) return { type: 'nothing' }
    if (this.#rules.isUnderWay(this.#underWay.get(from.uid)?.has(sequence) === true)) return { type: 'nothing' }
    if (this.#refusals.isSettled(from.uid, proposal)) return { type: 'nothing' }
    const cause = this.#conflict(reads, snapshot)
    if (cause !== undefined) return { type: 'refuse', refuse: { type: 'refuse', sequence, attempt, cause } }
    if (this.#rules.staysRefused(this.#refusals.has(from.uid, sequence)) || !this.#room.has(writes)) {
      this.#refusals.add(from.uid, sequence)
      return { type: 'refuse', refuse: this.#full(sequence, attempt) }
    }
    return { type: 'append', body: { type: 'transaction', origin: { uid: from.uid, sequence, settled }, writes } }
  }

  /** Once all that is appended is committed, no other tail is left in which an earlier attempt may be. */
  #full(sequence: number, attempt: number): Refuse {
    return { type: 'refuse', sequence, attempt, cause: this.#copy.log.lastIndex, isFull: true }
  }

  appended(entry: Entry): void {
    this.#begin(entry.body)
    this.#lastWrites.add(entry)
    this.#room.appended(entry)
  }

  applied(entry: Entry): void {
    const { body } = entry
    this.#room.applied(entry)
    if (body.type === 'transaction') this.#underWay.get(body.origin.uid)?.delete(body.origin.sequence)
  }

  #begin(body: EntryBody): void {
    if (body.type !== 'transaction') return
    const { uid, sequence } = body.origin
    const known = this.#underWay.get(uid)
    if (known === undefined) this.#underWay.set(uid, new Set([sequence]))
    else known.add(sequence)
  }

  /** As `Copy.conflict`, without a walk through the log for reads of single rows. */
  #conflict(reads: readonly Read[], snapshot: number): number | undefined {
    if (snapshot < this.#copy.log.base.index) return this.#copy.conflict(reads, snapshot)
    const others: Read[] = []
    for (const read of reads) {
      if (read.type !== 'row') others.push(read)
      else if (this.#lastWrites.of(read.table, read.key) > snapshot) return this.#lastWrites.of(read.table, read.key)
    }
    return this.#copy.conflict(others, snapshot)
  }
}
