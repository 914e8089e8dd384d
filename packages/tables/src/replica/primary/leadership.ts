import { isIn, type Member, othersIn, type Uid, type View } from '../../member.ts'
import type { RowName } from '../../store/store.ts'
import type { Copy } from '../copy.ts'
import type { Entry, EntryBody, Position } from '../entry.ts'
import type { Append, Envelope, MessageBody, Proposal, ToPrimary } from '../message.ts'
import type { FenceFacts } from '../rules.ts'
import type { Standing } from '../standing.ts'
import { Admission } from './admission.ts'
import { Departures } from './departures.ts'
import { Fences } from './fences.ts'
import { type MembershipFacts, nextView } from './membership.ts'
import { Progress } from './progress.ts'
import { Proposals } from './proposals.ts'

export interface LeadershipInit {
  readonly standing: Standing
  readonly view: View
  readonly copy: Copy
  /** A joiner that the same primary began to take in under the view before. */
  readonly admission: Admission | undefined
  /** Everything up to this index is committed. */
  readonly onCommitted: (index: number) => void
  /** Refusals and answered fences for this process itself. */
  readonly onOwnAnswer: (answer: MessageBody) => void
}

/** A member as the primary of one view: it orders the writes, and says when they are committed. */
export class Leadership {
  readonly #init: LeadershipInit
  readonly #progress = new Map<Uid, Progress>()
  readonly #proposals: Proposals
  readonly #fences: Fences
  readonly #departures: Departures
  readonly #lost = new Set<Uid>()
  readonly #leaving = new Map<Uid, Member>()
  /** Where the first entry of this view stands. */
  readonly #startIndex: number
  #admission: Admission | undefined
  #installSent = false
  /** Rule 5: up to here a writer may have found to be committed what is not known to be here. */
  #witnessed = 0
  #answeredUnknown = false
  /** When the authority last confirmed this view. */
  #confirmedMs = Number.NEGATIVE_INFINITY
  isLeaving = false

  constructor(init: LeadershipInit) {
    this.#init = init
    const { standing, view, copy } = init
    this.#startIndex = copy.log.lastIndex + 1
    for (const member of othersIn(view, standing.self.uid)) {
      this.#progress.set(member.uid, new Progress(member, this.#startIndex, standing.settings, standing.nowMs))
    }
    this.#proposals = new Proposals(standing.rules, copy, standing.settings.storeBytesMax)
    this.#fences = new Fences(standing.rules)
    this.#departures = new Departures(standing.settings.outcomesKeptMs)
    this.#admission = init.admission
    this.#admission?.renew(standing.nowMs)
  }

  /** Appends the first entry of the view. What was inherited is committed with it, by the members of this view. */
  open(): void {
    this.#append({ type: 'view', uids: this.#init.view.members.map(({ uid }) => uid) })
    this.#advance()
  }

  /** The first entry of the view is committed, and with it all that was inherited. */
  get isOpen(): boolean {
    return this.#init.copy.applied >= this.#startIndex
  }

  /** On its way in, and not yet counted. */
  get unfinishedAdmission(): Admission | undefined {
    return this.#admission?.counts ? undefined : this.#admission
  }

  /** The joiner under rule 5, without which nothing is committed. */
  get countedJoiner(): Uid | undefined {
    return this.#admission?.counts === true ? this.#admission.member.uid : undefined
  }

  /** Whether any other member was heard lately; alone, a primary is in touch with all of its view. */
  get isHeard(): boolean {
    const { nowMs, settings } = this.#init.standing
    if (this.#progress.size === 0) return true
    return [...this.#progress.values()].some(({ heardMs }) => nowMs - heardMs <= settings.suspectAfterMs)
  }

  handle(message: Envelope & ToPrimary): void {
    const { nowMs } = this.#init.standing
    const progress = this.#find(message.from.uid)
    switch (message.type) {
      case 'acknowledge':
        progress?.acknowledged(message, nowMs)
        break
      case 'mismatch':
        progress?.mismatched(message, nowMs)
        break
      case 'propose':
        this.propose(message.from, message.proposals)
        break
      case 'fence':
        this.fence(message.from, message.call)
        break
      case 'chunkTaken':
        if (this.#admission?.member.uid === message.from.uid) {
          this.#admission.chunkTaken(message.admission, message.number, nowMs)
        }
        break
      case 'join':
        this.#join(message.from, message.holds)
        break
      case 'leave':
        if (this.#progress.has(message.from.uid)) this.#leaving.set(message.from.uid, message.from)
        break
    }
    this.#advance()
  }

  propose(from: Member, proposals: readonly Proposal[]): void {
    const { view } = this.#init
    // Rule 9: only writers of the view. One that was excluded looks its transactions up, and so none may follow.
    if (!isIn(view, from.uid)) return
    for (const proposal of proposals) {
      // Neither done nor refused: the writer asks again.
      if (this.#isFull) break
      const verdict = this.#proposals.judge(from, proposal)
      if (verdict.type === 'append') this.#append(verdict.body)
      if (verdict.type === 'refuse') this.#answer(from, verdict.refuse)
    }
    this.#advance()
  }

  fence(from: Member, call: number): void {
    this.#fences.call(from, call)
    this.#advance()
  }

  lose(uid: Uid): void {
    if (this.#progress.has(uid) || this.#admission?.member.uid === uid) this.#lost.add(uid)
  }

  /** Silence counts only while we listen: after a pause of this process, everyone gets its time again. */
  forgive(): void {
    for (const progress of this.#followers()) progress.heardMs = this.#init.standing.nowMs
  }

  confirmed(): void {
    this.#confirmedMs = this.#init.standing.nowMs
  }

  /** An answer of the authority that leaves open whether the install takes effect. */
  undecided(): void {
    this.#answeredUnknown = true
  }

  /** `expired`: rows whose time is over. */
  tick(expired: readonly RowName[]): void {
    const { standing, copy } = this.#init
    this.#releaseJoiner()
    const forgotten = this.#departures.due(copy.outcomes.departed(), standing.nowMs)
    if (this.isOpen && forgotten.length > 0) this.#append({ type: 'forget', uids: forgotten })
    // One that is written again by an entry under way lives on.
    const writes = expired
      .filter(({ table, key }) => copy.conflict([{ type: 'row', table, key }], copy.applied) === undefined)
      .map(({ table, key }) => ({ type: 'delete', table, key }) as const)
    if (this.isOpen && writes.length > 0 && !this.#isFull) this.#append({ type: 'expiry', writes })
    this.#advance()
  }

  /** Whether the view should change for a joiner, for which the authority must have confirmed the present one lately. */
  get needsConfirmation(): boolean {
    return this.#isJoinerReady() && !this.#isConfirmed()
  }

  /** The view to install now. From this call on, a joiner in it counts (rule 5). */
  nextView(): View | undefined {
    const { standing } = this.#init
    const { settings, nowMs } = standing
    if (this.#isJoinerReady() && this.#isConfirmed() && this.#admission !== undefined) this.#admission.counts = true
    const next = nextView(this.#facts(), settings, nowMs)
    if (next !== undefined) {
      this.#installSent = true
      this.#answeredUnknown = false
    }
    return next
  }

  /** A primary that cannot reach the authority asks a member that may be able to install the view; by turns. */
  delegate({ members }: View, unknownInARow: number): void {
    if (unknownInARow < 2) return
    const { standing } = this.#init
    const { nowMs, settings } = standing
    const reachable = [...this.#progress.values()].filter(({ heardMs }) => nowMs - heardMs <= settings.suspectAfterMs)
    const deputy = reachable[unknownInARow % Math.max(1, reachable.length)]?.member
    if (deputy !== undefined) standing.send(deputy, { type: 'takeOver', uids: members.map(({ uid }) => uid) })
  }

  /** Whether something is due when the turn is over, if it does not go along with something else before. */
  get isHolding(): boolean {
    const { applied } = this.#init.copy
    return this.#followers().some((progress) => progress.lacks(applied))
  }

  /** Sends what is due to everyone. `isTurnOver`: also what could have gone along with something else. */
  flush(isTurnOver: boolean): void {
    const { standing, view, copy } = this.#init
    const { nowMs } = standing
    const forget = Math.min(copy.applied, ...this.#followers().map(({ applied }) => applied))
    copy.log.forget(forget, standing.settings.logEntriesRetained, standing.settings.logBytesRetained)
    const announcement = {
      view,
      log: copy.log,
      commit: copy.applied,
      forget,
      round: this.#fences.round,
      witnessOf: (entries: readonly Entry[]) => this.#witnessOf(entries),
      witnessed: this.#witnessed,
      isTurnOver,
    }
    for (const chunk of this.#admission?.chunks(view, copy, nowMs) ?? []) {
      if (this.#admission !== undefined) standing.send(this.#admission.member, chunk)
    }
    for (const progress of this.#followers()) {
      if (progress === this.#admission?.progress && !this.#admission.isCopied) continue
      const append = progress.next(announcement, nowMs)
      if (append === undefined) continue
      if (append.witness !== undefined) this.#witnessed = Math.max(this.#witnessed, lastIndexOf(append))
      standing.send(progress.member, append)
    }
  }

  applied(entries: readonly Entry[]): void {
    for (const entry of entries) this.#proposals.applied(entry)
  }

  get #isFull(): boolean {
    const { copy, standing } = this.#init
    const { logEntriesMax, logBytesMax } = standing.settings
    return copy.log.length >= logEntriesMax || copy.log.bytes >= logBytesMax
  }

  #facts(): MembershipFacts {
    const { standing, view } = this.#init
    return {
      view,
      self: standing.self,
      progress: this.#progress,
      lost: this.#lost,
      leaving: new Set(this.#leaving.keys()),
      joiner: this.#admission?.counts ? this.#admission.progress : undefined,
      isLeaving: this.isLeaving,
      isUndecided: this.#installSent,
    }
  }

  #join(member: Member, holds: { readonly identity: string; readonly position: Position } | undefined): void {
    const { standing, view, copy } = this.#init
    // One that is in already, or counts, hears of it by what is sent anyway.
    if (isIn(view, member.uid)) return
    const present = this.#admission
    // One at a time. The same may begin again, as long as it does not count.
    if (present !== undefined && (present.counts || present.member.uid !== member.uid)) return
    if (this.isLeaving) return
    const usable = holds !== undefined && this.#isPrefix(holds) ? holds.position : undefined
    this.#admission = new Admission(standing.nextAdmission(), member, usable, copy, standing.settings, standing.nowMs)
  }

  /** What it had applied was committed and stays so within one identity: with the tail of our log it is complete. */
  #isPrefix({ identity, position }: { readonly identity: string; readonly position: Position }): boolean {
    const { view, copy } = this.#init
    return identity === view.identity && copy.log.epochAt(position.index) === position.epoch
  }

  #releaseJoiner(): void {
    const admission = this.#admission
    if (admission === undefined) return
    const { standing } = this.#init
    const silent = standing.nowMs - admission.progress.heardMs > standing.settings.suspectAfterMs
    if (!silent && !this.#lost.has(admission.member.uid)) return
    if (standing.rules.mayReleaseJoiner(admission.counts, this.#answeredUnknown)) this.#admission = undefined
  }

  #isJoinerReady(): boolean {
    const admission = this.#admission
    if (admission === undefined || admission.counts || this.#installSent || this.isLeaving) return false
    const { standing, copy } = this.#init
    return (
      this.isOpen &&
      admission.isCopied &&
      standing.rules.mayAdmit(admission.progress.matched, copy.applied, this.#witnessed)
    )
  }

  /** The one member that wrote all of these, unless somebody may be about to count who is not in the view that the writer knows. */
  #witnessOf(entries: readonly Entry[]): Uid | undefined {
    const { view, standing } = this.#init
    if (this.#admission?.isCopied) return undefined
    const uid = writerOf(entries[0])
    if (uid === undefined || uid === standing.self.uid || !isIn(view, uid)) return undefined
    return entries.every((entry) => writerOf(entry) === uid) ? uid : undefined
  }

  #isConfirmed(): boolean {
    const { nowMs, settings } = this.#init.standing
    return nowMs - this.#confirmedMs <= settings.authorityRetryMs
  }

  #append(body: EntryBody): void {
    const { copy, view } = this.#init
    const entry = { epoch: view.epoch, index: copy.log.lastIndex + 1, body }
    copy.log.append(entry)
    this.#proposals.appended(entry)
  }

  /** Commits what can be, and answers what waited for it. */
  #advance(): void {
    const { standing, copy, onCommitted } = this.#init
    const joiner = this.#admission?.counts && standing.rules.countsFromDecision() ? [this.#admission.progress] : []
    const held = [...this.#progress.values(), ...joiner].map(({ matched }) => matched)
    const committed = standing.rules.committed([copy.log.lastIndex, ...held])
    if (committed > copy.applied) onCommitted(committed)
    for (const { from, call } of this.#fences.answerable(this.#fenceFacts())) {
      const index = standing.rules.fencedUpTo(
        copy.applied,
        [...this.#progress.values()].map(({ applied }) => applied),
      )
      this.#answer(from, { type: 'fenced', call, index })
    }
  }

  #fenceFacts(): FenceFacts {
    return {
      opened: this.isOpen,
      members: [...this.#progress.values()].map(({ round }) => round),
      joiner: this.#admission?.counts ? this.#admission.progress.round : undefined,
    }
  }

  #answer(to: Member, body: MessageBody): void {
    const { standing, onOwnAnswer } = this.#init
    if (to.uid === standing.self.uid) onOwnAnswer(body)
    else standing.send(to, body)
  }

  #find(uid: Uid): Progress | undefined {
    return this.#progress.get(uid) ?? (this.#admission?.member.uid === uid ? this.#admission?.progress : undefined)
  }

  #followers(): Progress[] {
    return [...this.#progress.values(), ...(this.#admission === undefined ? [] : [this.#admission.progress])]
  }
}

function writerOf(entry: Entry | undefined): Uid | undefined {
  return entry?.body.type === 'transaction' ? entry.body.origin.uid : undefined
}

function lastIndexOf({ previous, entries }: Append): number {
  return previous.index + entries.length
}
