import type { Member } from '../../member.ts'
import type { Copy } from '../copy.ts'
import type { Entry, EntryBody } from '../entry.ts'
import type { Propose, Refuse } from '../message.ts'
import type { Rules } from '../rules.ts'

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
  readonly #underWay = new Set<string>()

  constructor(rules: Rules, copy: Copy) {
    this.#rules = rules
    this.#copy = copy
    for (const entry of copy.log.from(copy.applied + 1)) this.appended(entry)
  }

  judge(from: Member, propose: Propose): Verdict {
    const { sequence, attempt, settled, snapshot, reads, writes } = propose
    // Its entry reaches the writer as all entries do, and needs no other answer.
    if (this.#copy.outcomes.has(from.uid, sequence)) return { type: 'nothing' }
    if (this.#rules.isUnderWay(this.#underWay.has(nameOf(from.uid, sequence)))) return { type: 'nothing' }
    const cause = this.#copy.conflict(reads, snapshot)
    if (cause === undefined) {
      return { type: 'append', body: { type: 'transaction', origin: { uid: from.uid, sequence, settled }, writes } }
    }
    return { type: 'refuse', refuse: { type: 'refuse', sequence, attempt, cause } }
  }

  appended({ body }: Entry): void {
    if (body.type === 'transaction') this.#underWay.add(nameOf(body.origin.uid, body.origin.sequence))
  }

  applied({ body }: Entry): void {
    if (body.type === 'transaction') this.#underWay.delete(nameOf(body.origin.uid, body.origin.sequence))
  }
}

function nameOf(uid: string, sequence: number): string {
  return `${sequence} ${uid}`
}
