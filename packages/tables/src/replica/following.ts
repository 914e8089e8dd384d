import { memberOf, type Uid } from '../member.ts'
import type { Copy } from './copy.ts'
import type { Acknowledge, Append, Message } from './message.ts'
import type { Standing } from './standing.ts'
import { Witness } from './witness.ts'

/** A process that takes entries from a primary: a member, or one that is on its way in. */
export class Following {
  readonly #standing: Standing
  readonly #witness: Witness
  /** Up to here the log is known to be the primary's, in this epoch (rule 8); undefined before the first entry fitted. */
  #matched: number | undefined
  #round = 0
  #commit = 0
  #owesAcknowledgement: (Message & Append) | undefined
  #owesMismatch: (Message & Append) | undefined
  /** Who is to be told as well of what is owed. */
  #owesWitness: Uid | undefined
  /** What is owed can wait for company: it is of entries that this process counts for itself. */
  #canWait = false
  /** The last of those were found to be committed here before the primary said so. */
  #isAhead = false
  #admission: number | undefined
  heardMs: number

  /** `admission`: the newest try to be taken in that is known. */
  constructor(standing: Standing, admission?: number) {
    this.#standing = standing
    this.#witness = new Witness(standing)
    this.#admission = admission
    this.heardMs = standing.nowMs
  }

  get isAligned(): boolean {
    return this.#matched !== undefined
  }

  get admission(): number | undefined {
    return this.#admission
  }

  /** Whether something is owed that is due when the turn is over, if nothing else is sent before. */
  isHolding(copy: Copy): boolean {
    return this.#owesAcknowledgement !== undefined && copy.applied >= (this.#matched ?? 0)
  }

  /** Takes what fits; returns up to where entries may be applied. */
  take(message: Message & Append, copy: Copy): number {
    const { previous, entries, commit, forget, round, admission, witness } = message
    const { rules, settings, nowMs, self } = this.#standing
    if ((admission ?? 0) < (this.#admission ?? 0)) return copy.applied
    this.#admission = admission
    this.heardMs = nowMs
    const isQuestion = round > this.#round
    const isAsked = isQuestion || commit <= this.#commit
    this.#round = Math.max(this.#round, round)
    this.#commit = Math.max(this.#commit, commit)
    const isKnown = previous.index >= copy.log.base.index
    const fits =
      previous.index <= copy.log.lastIndex && (!isKnown || rules.fits(copy.log.epochAt(previous.index), previous.epoch))
    if (!fits) {
      this.#owesMismatch = message
      return copy.applied
    }
    this.#owesMismatch = undefined
    for (const entry of entries) copy.place(entry)
    const matched = Math.max(this.#matched ?? 0, previous.index + entries.length)
    // That more is committed needs no answer of its own: the next one says what is applied.
    if (matched !== this.#matched || entries.length > 0 || isAsked) {
      const isWitness = witness === self.uid && entries.length > 0
      this.#canWait = isWitness && !isQuestion && (this.#owesAcknowledgement === undefined || this.#canWait)
      this.#owesAcknowledgement = message
      if (isWitness) this.#witness.named(previous.index + entries.length)
      else this.#owesWitness = witness ?? this.#owesWitness
    }
    this.#matched = matched
    copy.log.forget(Math.min(forget, copy.applied), settings.logEntriesRetained, settings.logBytesRetained)
    return this.#appliesUpTo(copy)
  }

  /** Another member holds what this process wrote; returns up to where entries may be applied. */
  acknowledged({ from, matched }: Message & Acknowledge, copy: Copy): number {
    this.#witness.acknowledged(from.uid, matched)
    return this.#appliesUpTo(copy)
  }

  /** What has waited for company long enough is due. */
  hurry(): void {
    if (this.#canWait && this.#owesAcknowledgement !== undefined) this.#isAhead = false
    this.#canWait = false
  }

  /**
   * One answer for all that came since the last. What a newer view has overtaken is never answered (rule 3). Of what this process counts for
   * itself the primary hears when it is committed, together with what is written next.
   */
  flush(copy: Copy, isTurnOver: boolean): void {
    if (this.#owesMismatch !== undefined) this.#mismatch(this.#owesMismatch, copy)
    this.#owesMismatch = undefined
    const message = this.#owesAcknowledgement
    if (message === undefined || this.#matched === undefined) return
    if (this.#canWait && (copy.applied >= this.#matched ? !isTurnOver : this.#isAhead)) return
    this.#owesAcknowledgement = undefined
    const acknowledge: Acknowledge = {
      type: 'acknowledge',
      admission: message.admission,
      matched: this.#matched,
      applied: copy.applied,
      round: this.#round,
    }
    // The witness waits for it, the primary only counts it.
    const witness = memberOf(this.#standing.view, this.#owesWitness)
    this.#owesWitness = undefined
    for (const to of witness === undefined ? [message.from] : [witness, message.from]) {
      this.#standing.send(to, acknowledge, message.epoch)
    }
  }

  #appliesUpTo(copy: Copy): number {
    const { rules } = this.#standing
    if (this.#matched === undefined) return copy.applied
    const told = rules.appliesUpTo(this.#commit, this.#matched, copy.log.lastIndex)
    const counted = this.#witness.committed(this.#matched)
    if (counted !== told) this.#isAhead = counted > told
    return Math.max(told, counted)
  }

  #mismatch(message: Message & Append, copy: Copy): void {
    // What is applied is committed, and so the primary has it too.
    const matched = Math.max(copy.applied, this.#matched ?? 0)
    const mismatch = {
      admission: message.admission,
      previous: message.previous,
      matched,
      applied: copy.applied,
      round: this.#round,
    }
    this.#standing.send(message.from, { type: 'mismatch', ...mismatch }, message.epoch)
  }
}
