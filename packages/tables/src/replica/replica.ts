import { isIn, type Member, type View } from '../member.ts'
import type { Store } from '../store/store.ts'
import { AuthorityAccess } from './authority-access.ts'
import { Barriers } from './barriers.ts'
import { Copy } from './copy.ts'
import type { AuthorityAnswer, Call, Effect, Outcome, ReplicaEvent } from './event.ts'
import { Following } from './following.ts'
import { Joining } from './joining.ts'
import type { Message, MessageBody, Propose } from './message.ts'
import type { Admission } from './primary/admission.ts'
import { Leadership } from './primary/leadership.ts'
import { Rules } from './rules.ts'
import { type ReplicaSettings, replicaDefaults } from './settings.ts'
import { Standing } from './standing.ts'
import { Takeover } from './takeover.ts'
import { type Orphan, Writer } from './writer.ts'

/** What an incarnation leaves to the next of the same process. */
export interface Legacy {
  /** Applied, and so committed; undefined when it was not of one point in time. */
  readonly copy: Copy | undefined
  readonly orphans: readonly Orphan[]
  readonly barriers: ReturnType<Barriers['takePending']>
}

export interface ReplicaInit {
  readonly self: Member
  readonly createStore: () => Store
  readonly settings?: Partial<ReplicaSettings>
  readonly rules?: Rules
  readonly legacy?: Legacy
}

/**
 * One member of the replicated tables, as a state machine. It knows no socket, timer, clock or randomness. `step` takes an event
 * and the time; `ready` says what is to be done, all that came of the steps since the last `ready` together, so that whoever hands in many
 * events before asking gets few and full messages. The rules by which it keeps to the others are in `rules.ts`.
 */
export class Replica {
  readonly #standing: Standing
  readonly #createStore: () => Store
  readonly #authority: AuthorityAccess
  readonly #joining: Joining
  readonly #writer: Writer
  readonly #barriers: Barriers
  #copy: Copy
  #following: Following
  #leadership: Leadership | undefined
  #takeover: Takeover | undefined
  #isCutOff = false
  #isLeaving = false
  #tickedMs: number | undefined
  #leaveSentMs = Number.NEGATIVE_INFINITY
  #excludedMs = 0

  constructor(init: ReplicaInit) {
    const settings = { ...replicaDefaults, ...init.settings }
    this.#standing = new Standing({ self: init.self, settings, rules: init.rules ?? new Rules() })
    this.#createStore = init.createStore
    this.#copy = init.legacy?.copy ?? new Copy(undefined, init.createStore())
    this.#authority = new AuthorityAccess(this.#standing)
    this.#joining = new Joining(this.#standing, init.createStore)
    this.#following = new Following(this.#standing)
    this.#following.heardMs = Number.NEGATIVE_INFINITY
    this.#writer = new Writer({
      standing: this.#standing,
      send: (propose) => this.#propose(propose),
      orphans: init.legacy?.orphans ?? [],
    })
    this.#barriers = new Barriers(this.#standing, (call) => this.#fence(call))
    for (const { call, validates } of init.legacy?.barriers ?? []) this.#barriers.call(call, validates)
  }

  get self(): Member {
    return this.#standing.self
  }

  get view(): View | undefined {
    return this.#standing.view
  }

  get copy(): Copy {
    return this.#copy
  }

  get isMember(): boolean {
    return this.#standing.isMember
  }

  get isPrimary(): boolean {
    return this.#leadership !== undefined
  }

  get isExcluded(): boolean {
    return this.#standing.isExcluded
  }

  get isCutOff(): boolean {
    return this.#isCutOff
  }

  /** Rule 8: whether this member's log was found to be the primary's, in the present view. */
  get isAligned(): boolean {
    return this.isPrimary || this.#following.isAligned
  }

  /** The joiner without which this primary commits nothing (rule 5). */
  get countedJoiner(): string | undefined {
    return this.#leadership?.countedJoiner
  }

  /** Whether the rows are of one point in time, and of a cluster that this process is or was in. */
  get isReadable(): boolean {
    return this.#copy.identity !== undefined && this.#copy.isWhole
  }

  step(event: ReplicaEvent, nowMs: number): void {
    this.#standing.nowMs = nowMs
    if (this.#standing.isExcluded) return this.#stepExcluded(event)
    switch (event.type) {
      case 'tick':
        return this.#tick()
      case 'message':
        return this.#receive(event.message)
      case 'authority':
        return this.#answered(event.answer)
      case 'lost':
        this.#leadership?.lose(event.uid)
        if (event.uid === this.view?.primary) this.#takeover?.primaryLost()
        return
      case 'found':
        return this.#found(event.identity, event.over)
      case 'leave':
        this.#isLeaving = true
        if (this.#leadership !== undefined) this.#leadership.isLeaving = true
        return
      default:
        return this.#call(event)
    }
  }

  /** What is to be done now. */
  ready(): Effect[] {
    this.#writer.tick(this.#copy)
    this.#barriers.tick(this.#copy)
    this.#leadership?.flush()
    if (!this.isPrimary) this.#following.flush(this.#copy)
    return this.#standing.takeEffects()
  }

  /** For the next incarnation, once this one is excluded. */
  legacy(): Legacy {
    const copy = this.isReadable ? this.#copy : undefined
    copy?.log.cut(copy.applied)
    return { copy, orphans: this.#writer.orphans(), barriers: this.#barriers.takePending() }
  }

  #stepExcluded(event: ReplicaEvent): void {
    const { nowMs, settings } = this.#standing
    if (event.type === 'leave') this.#isLeaving = true
    if (event.type === 'tick' && this.#isLeaving && nowMs - this.#leaveSentMs >= settings.heartbeatMs) this.#sayGoodbye()
    if (event.type === 'message' && event.message.type === 'view' && this.#isLeaving) this.#leave()
    if (event.type === 'transact' || event.type === 'sync' || event.type === 'validate') {
      this.#refuse(event.call, 'NOT_A_MEMBER')
    }
    // Whoever still takes this process for a member learns better.
    if (event.type === 'message' && event.message.type !== 'view' && this.view !== undefined) {
      if (event.message.epoch < this.#standing.epoch) this.#tell(event.message.from)
    }
  }

  #tick(): void {
    const { nowMs, settings } = this.#standing
    // Silence counts only while we listen: a process that was stopped did not hear anybody.
    const pausedMs = nowMs - (this.#tickedMs ?? nowMs)
    this.#tickedMs = nowMs
    if (pausedMs > Math.max(settings.suspectAfterMs / 2, settings.tickMs * 3)) {
      this.#following.heardMs = Math.max(this.#following.heardMs, nowMs - settings.suspectAfterMs / 2)
      this.#leadership?.forgive()
    }
    this.#leadership?.tick()
    if (!this.#standing.isMember) this.#joining.ask(this.#copy, this.#following.heardMs)
    if (this.#standing.isMember) this.#watch()
    if (this.#isLeaving && this.isMember && !this.isPrimary) this.#askToLeave()
    if (this.#authority.isFree) this.#callAuthority()
  }

  #watch(): void {
    const { heardMs } = this.#following
    const unheard = this.#leadership === undefined ? this.#takeover?.suspects(heardMs) === true : !this.#leadership.isHeard
    if (unheard === this.#isCutOff) return
    this.#isCutOff = unheard
    this.#standing.emit({ type: unheard ? 'cutOff' : 'reached' })
  }

  #callAuthority(): void {
    const { heardMs } = this.#following
    const { view, rules, self } = this.#standing
    if (this.#leadership !== undefined) {
      if (this.#leadership.needsConfirmation) return this.#authority.read()
      const next = this.#leadership.nextView()
      if (next === undefined) return this.#authority.isReadDue ? this.#authority.read() : undefined
      this.#delegate(next)
      return this.#authority.install(next)
    }
    if (view !== undefined && this.#takeover !== undefined && rules.mayTakeOver(view, self.uid)) {
      const next = this.#takeover.nextView(heardMs)
      if (next !== undefined) return this.#authority.install(next)
    }
    if (this.#joining.mustRead(heardMs)) this.#authority.read()
  }

  /** A primary that cannot reach the authority asks a member that may be able to. */
  #delegate(next: View): void {
    const { unknownInARow } = this.#authority
    if (unknownInARow < 2) return
    const deputy = this.#leadership?.deputy(unknownInARow)
    if (deputy === undefined) return
    this.#standing.send(deputy, { type: 'takeOver', uids: next.members.map(({ uid }) => uid) })
  }

  #answered(answer: AuthorityAnswer): void {
    this.#authority.answered(answer)
    if (answer.type === 'unknown') {
      this.#leadership?.undecided()
      return
    }
    const known = this.#standing.view
    const { view } = answer
    const wentBack = known !== undefined && (view === undefined || view.epoch < known.epoch)
    // A read may have been overtaken by what a peer told; an install that failed shows what stands now.
    if (wentBack && (view === undefined || answer.type === 'stands')) {
      this.#standing.emit({ type: 'recordWentBack', known, found: view })
      return
    }
    if (view !== undefined) this.#learn(view)
    if (answer.type === 'read' && view?.epoch === this.#standing.epoch) this.#leadership?.confirmed()
    if (!this.isMember && (view === undefined || view.members.length === 0)) {
      this.#standing.emit({ type: 'unfounded', over: view })
    }
  }

  #found(identity: string, over: View | undefined): void {
    const { self, isMember } = this.#standing
    if (isMember || !this.#authority.isFree) return
    this.#authority.install({ identity, epoch: (over?.epoch ?? 0) + 1, primary: self.uid, members: [self] })
  }

  /** The authority has confirmed this view, which may be news. */
  #learn(view: View): void {
    if (view.epoch <= this.#standing.epoch) return
    const { self } = this.#standing
    const before = { view: this.view, admission: this.#leadership?.unfinishedAdmission }
    // An admission goes on under the same primary.
    const admission = view.primary === before.view?.primary && !isIn(view, self.uid) ? this.#following.admission : undefined
    this.#standing.view = view
    this.#standing.wasMember ||= this.isMember
    const { heardMs } = this.#following
    this.#leadership = undefined
    this.#takeover = undefined
    this.#following = new Following(this.#standing, admission)
    if (this.#standing.isExcluded) {
      this.#excludedMs = this.#standing.nowMs
      this.#standing.emit({ type: 'excluded', view })
      if (this.#isLeaving) this.#sayGoodbye()
      return
    }
    this.#standing.emit({ type: 'view', view, primary: view.primary === self.uid })
    if (view.primary === self.uid) return this.#lead(view, before)
    this.#takeover = new Takeover(this.#standing, view)
    // A process that is on its way in asks the new primary at once.
    if (!this.isMember) this.#following.heardMs = Math.min(heardMs, this.#standing.nowMs - this.#standing.settings.resendMs)
  }

  #lead(view: View, before: { readonly view: View | undefined; readonly admission: Admission | undefined }): void {
    // Whoever was left out may live, and wait for this.
    for (const member of before.view?.members ?? []) if (!isIn(view, member.uid)) this.#tell(member)
    // Founded: there is nothing of this cluster yet. What is held of another one goes.
    if (this.#copy.identity !== view.identity) this.#copy = new Copy(view.identity, this.#createStore())
    this.#leadership = new Leadership({
      standing: this.#standing,
      view,
      copy: this.#copy,
      admission: before.admission !== undefined && !isIn(view, before.admission.member.uid) ? before.admission : undefined,
      onCommitted: (index) => this.#applyUpTo(index),
      onOwnAnswer: (answer) => this.#takeAnswer(answer, view.epoch),
    })
    this.#leadership.isLeaving = this.#isLeaving
    this.#leadership.open()
  }

  #receive(message: Message): void {
    const { self, rules, view } = this.#standing
    if (message.to !== self.uid) return
    if (message.type === 'view') {
      this.#learn(message.view)
      // One that leaves wants to know that it is known.
      if (!isIn(this.view, message.from.uid)) this.#tell(message.from)
      return
    }
    if (view === undefined || message.identity !== view.identity) return
    const isForMembers = message.type === 'append' || message.type === 'chunk'
    if (isForMembers && message.view !== undefined) this.#learn(message.view)
    if (this.#standing.isExcluded) return
    if (isForMembers) {
      if (!rules.heeds(message.epoch, this.#standing.epoch)) return this.#tell(message.from)
      if (message.epoch > this.#standing.epoch || this.isPrimary) return
      return message.type === 'append' ? this.#takeAppend(message) : this.#takeChunk(message)
    }
    if (message.epoch < this.#standing.epoch || (message.type === 'join' && !this.isPrimary)) return this.#tell(message.from)
    if (message.epoch !== this.#standing.epoch) return
    switch (message.type) {
      case 'refuse':
      case 'fenced':
        return this.#takeAnswer(message, message.epoch)
      case 'inquire':
        return this.#standing.send(message.from, { type: 'inquired', hears: this.#hearsPrimary() })
      case 'inquired':
        return this.#takeover?.inquired(message.from.uid, message.hears)
      case 'takeOver':
        return this.#takeover?.asked(message.uids)
      default:
        this.#leadership?.handle(message)
    }
  }

  #hearsPrimary(): boolean {
    return this.isPrimary || this.#takeover?.suspects(this.#following.heardMs) === false
  }

  #takeAppend(message: Message & { readonly type: 'append' }): void {
    // One that holds nothing of this cluster begins with a snapshot.
    if (this.#copy.identity !== message.identity) return
    this.#applyUpTo(this.#following.take(message, this.#copy))
  }

  #takeChunk(message: Message & { readonly type: 'chunk' }): void {
    if (this.isMember) return
    const { admission: newest = 0 } = this.#following
    const { from, admission, number } = message
    if (admission < newest) return
    this.#following.heardMs = this.#standing.nowMs
    // Complete already: the primary missed the answer.
    if (admission === newest) return this.#standing.send(from, { type: 'chunkTaken', admission, number }, message.epoch)
    const copy = this.#joining.take(message)
    if (copy === undefined) return
    this.#copy = copy
    this.#following = new Following(this.#standing, admission)
    this.#standing.emit({ type: 'restored', identity: message.view.identity })
  }

  #applyUpTo(index: number): void {
    const entries = this.#copy.applyUpTo(index, this.#standing.nowMs)
    if (entries.length === 0) return
    this.#standing.emit({ type: 'applied', entries })
    this.#leadership?.applied(entries)
    this.#writer.applied(entries)
    this.#writer.lookUp(entries, this.#copy)
  }

  #takeAnswer(answer: MessageBody, epoch: number): void {
    if (answer.type === 'refuse') this.#writer.refused(answer, epoch)
    if (answer.type === 'fenced') this.#barriers.fenced(answer.call, answer.index, epoch)
  }

  #call(event: Call): void {
    if (event.type === 'abandon') return this.#writer.abandon(event.call)
    const { settings } = this.#standing
    const pending = this.#writer.pendingCount + this.#barriers.pendingCount
    if (!this.isMember) return this.#refuse(event.call, 'NOT_A_MEMBER')
    if (this.#isCutOff) return this.#refuse(event.call, 'CUT_OFF')
    if (pending > settings.pendingMax) return this.#refuse(event.call, 'TOO_MANY_PENDING')
    if (event.type === 'transact') this.#writer.transact(event)
    else this.#barriers.call(event.call, event.type === 'validate' ? event : undefined)
  }

  #propose(propose: Propose): void {
    const { self, primary } = this.#standing
    if (this.#leadership !== undefined) this.#leadership.propose(self, propose)
    else if (primary !== undefined) this.#standing.send(primary, propose)
  }

  #fence(call: number): void {
    const { self, primary } = this.#standing
    if (this.#leadership !== undefined) this.#leadership.fence(self, call)
    else if (primary !== undefined) this.#standing.send(primary, { type: 'fence', call })
  }

  #askToLeave(): void {
    const { nowMs, settings, primary } = this.#standing
    if (primary === undefined || nowMs - this.#leaveSentMs < settings.resendMs) return
    this.#leaveSentMs = nowMs
    this.#standing.send(primary, { type: 'leave' })
  }

  /** Out of the view, and about to end: the others are told before. */
  #sayGoodbye(): void {
    this.#leaveSentMs = this.#standing.nowMs
    const members = this.view?.members ?? []
    for (const member of members) this.#tell(member)
    // Those who do not answer learn it from the authority.
    const isUnheard = this.#standing.nowMs - this.#excludedMs > this.#standing.settings.suspectAfterMs
    if (members.length === 0 || isUnheard) this.#leave()
  }

  #leave(): void {
    this.#isLeaving = false
    this.#standing.emit({ type: 'left' })
  }

  #tell(member: Member): void {
    const { view, self } = this.#standing
    if (view !== undefined && member.uid !== self.uid) this.#standing.send(member, { type: 'view', view })
  }

  #refuse(call: number, reason: (Outcome & { readonly type: 'refused' })['reason']): void {
    // Earlier attempts of it were refused too, or it would still be under way.
    this.#writer.abandon(call)
    this.#standing.emit({ type: 'settled', call, outcome: { type: 'refused', reason } })
  }
}
