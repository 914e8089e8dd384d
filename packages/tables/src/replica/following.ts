import type { Copy } from './copy.ts'
import type { Append, Message } from './message.ts'
import type { Standing } from './standing.ts'

/** A process that takes entries from a primary: a member, or one that is on its way in. */
export class Following {
  readonly #standing: Standing
  /** Up to here the log is known to be the primary's, in this epoch (rule 8); undefined before the first entry fitted. */
  #matched: number | undefined
  #round = 0
  #commit = 0
  #owesAcknowledgement: (Message & Append) | undefined
  #owesMismatch: (Message & Append) | undefined
  #admission: number | undefined
  heardMs: number

  /** `admission`: the newest try to be taken in that is known. */
  constructor(standing: Standing, admission?: number) {
    this.#standing = standing
    this.#admission = admission
    this.heardMs = standing.nowMs
  }

  get isAligned(): boolean {
    return this.#matched !== undefined
  }

  get admission(): number | undefined {
    return this.#admission
  }

  /** Takes what fits; returns up to where entries may be applied. */
  take(message: Message & Append, copy: Copy): number {
    const { previous, entries, commit, forget, round, admission } = message
    const { rules, settings, nowMs } = this.#standing
    if ((admission ?? 0) < (this.#admission ?? 0)) return copy.applied
    this.#admission = admission
    this.heardMs = nowMs
    const isAsked = round > this.#round || commit <= this.#commit
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
    if (matched !== this.#matched || entries.length > 0 || isAsked) this.#owesAcknowledgement = message
    this.#matched = matched
    copy.log.forget(Math.min(forget, copy.applied), settings.logEntriesRetained, settings.logBytesRetained)
    return rules.appliesUpTo(commit, this.#matched, copy.log.lastIndex)
  }

  /** One answer for all that came since the last. What a newer view has overtaken is never answered (rule 3). */
  flush(copy: Copy): void {
    if (this.#owesMismatch !== undefined) this.#mismatch(this.#owesMismatch, copy)
    this.#owesMismatch = undefined
    const message = this.#owesAcknowledgement
    if (message === undefined || this.#matched === undefined) return
    this.#owesAcknowledgement = undefined
    const acknowledge = {
      admission: message.admission,
      matched: this.#matched,
      applied: copy.applied,
      round: this.#round,
    }
    this.#standing.send(message.from, { type: 'acknowledge', ...acknowledge }, message.epoch)
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
