import { isIn, type Member, type View } from '../member.ts'
import type { Store } from '../store/store.ts'
import { AuthorityAccess } from './authority-access.ts'
import { Calls } from './calls.ts'
import { Copy } from './copy.ts'
import type { AuthorityAnswer, Effect, ReplicaEvent } from './event.ts'
import { Farewell } from './farewell.ts'
import { Following } from './following.ts'
import { Joining } from './joining.ts'
import type { Legacy } from './legacy.ts'
import type { Acknowledge, Append, Chunk, Message, Tell } from './message.ts'
import type { Admission } from './primary/admission.ts'
import { Leadership } from './primary/leadership.ts'
import { Rules } from './rules.ts'
import { type ReplicaSettings, replicaDefaults } from './settings.ts'
import { Standing } from './standing.ts'
import { Takeover } from './takeover.ts'

interface Before {
  readonly view: View | undefined
  readonly admission: Admission | undefined
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
  readonly #calls: Calls
  readonly #farewell: Farewell
  #copy: Copy
  #following: Following
  #leadership: Leadership | undefined
  #takeover: Takeover | undefined
  #isCutOff = false
  #tickedMs: number | undefined

  constructor(init: ReplicaInit) {
    const settings = { ...replicaDefaults, ...init.settings }
    this.#standing = new Standing({ self: init.self, settings, rules: init.rules ?? new Rules() })
    this.#createStore = init.createStore
    this.#copy = init.legacy?.copy ?? new Copy(undefined, init.createStore())
    this.#authority = new AuthorityAccess(this.#standing)
    this.#joining = new Joining(this.#standing, init.createStore)
    this.#following = new Following(this.#standing)
    this.#following.heardMs = Number.NEGATIVE_INFINITY
    this.#farewell = new Farewell(this.#standing)
    this.#calls = new Calls({
      standing: this.#standing,
      unfinished: init.legacy?.unfinished,
      leadership: () => this.#leadership,
    })
    if (init.legacy?.view !== undefined) this.#learn(init.legacy.view)
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
    if (this.#standing.isExcluded) this.#stepExcluded(event)
    else this.#step(event)
  }

  /**
   * What is to be done now. `isTurnOver`: also what would have gone along with something else, had there been more events; false while more
   * may come, as they do when an application goes on after what it waited for.
   */
  ready(isTurnOver = true): Effect[] {
    this.#calls.tick(this.#copy)
    this.#leadership?.flush(isTurnOver)
    if (!this.isPrimary) this.#following.flush(this.#copy, isTurnOver || this.#standing.isSending)
    return this.#standing.takeEffects()
  }

  /** Whether `ready` has to be called again when the turn is over. */
  get isHolding(): boolean {
    return this.#leadership?.isHolding ?? this.#following.isHolding(this.#copy)
  }

  /** For the next incarnation, once this one is excluded. */
  legacy(): Legacy {
    const copy = this.isReadable ? this.#copy : undefined
    copy?.log.cut(copy.applied)
    return { copy, view: this.view, unfinished: this.#calls.takeUnfinished() }
  }

  #step(event: ReplicaEvent): void {
    switch (event.type) {
      case 'tick':
        this.#tick()
        return
      case 'message':
        this.#receive(event.message)
        return
      case 'authority':
        this.#answered(event.answer)
        return
      case 'met':
        if (this.view === undefined) this.#joining.met()
        return
      case 'lost':
        this.#leadership?.lose(event.uid)
        this.#takeover?.lost(event.uid)
        return
      case 'found':
        this.#found(event.identity, event.over)
        return
      case 'leave':
        this.#farewell.begin()
        if (this.#leadership !== undefined) this.#leadership.isLeaving = true
        return
      default:
        this.#calls.handle(event, this.#isCutOff)
    }
  }

  #stepExcluded(event: ReplicaEvent): void {
    this.#farewell.stepExcluded(event)
    if (event.type === 'transact' || event.type === 'sync' || event.type === 'validate') this.#calls.handle(event, true)
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
    // Everyone looks, so that the times of rows which are gone go as well; the primary alone acts on it.
    const expired = this.#copy.store.takeExpired(nowMs, settings.expiredRowsMax, settings.resendMs)
    this.#leadership?.tick(expired)
    this.#following.hurry()
    if (this.#copy.store.fill(settings.filledRowsMax)) this.#standing.emit({ type: 'indexed' })
    if (this.isMember) this.#watch()
    else this.#joining.ask(this.#copy, this.#following.heardMs)
    if (this.isMember && !this.isPrimary) this.#farewell.ask()
    if (this.#authority.isFree) this.#callAuthority()
  }

  /** One whose primary is known to be lost, but was heard lately, is not cut off: what it asks for waits for the next primary. */
  #watch(): void {
    const { heardMs } = this.#following
    const { nowMs, settings } = this.#standing
    const unheard =
      this.#leadership === undefined ? nowMs - heardMs > settings.suspectAfterMs : !this.#leadership.isHeard
    if (unheard === this.#isCutOff) return
    this.#isCutOff = unheard
    this.#standing.emit({ type: unheard ? 'cutOff' : 'reached' })
  }

  #callAuthority(): void {
    const { heardMs } = this.#following
    const next = this.#wantedView()
    if (next !== undefined) {
      this.#leadership?.delegate(next, this.#authority.unknownInARow)
      this.#authority.install(next)
    } else if (this.#leadership === undefined ? this.#joining.mustRead(heardMs) : this.#mustRead(this.#leadership)) {
      this.#authority.read()
    }
  }

  #wantedView(): View | undefined {
    const { view, rules, self } = this.#standing
    if (this.#leadership !== undefined) return this.#leadership.nextView()
    if (view === undefined || this.#takeover === undefined || !rules.mayTakeOver(view, self.uid)) return undefined
    return this.#takeover.nextView(this.#following.heardMs)
  }

  #mustRead(leadership: Leadership): boolean {
    return leadership.needsConfirmation || this.#authority.isReadDue
  }

  #answered(answer: AuthorityAnswer): void {
    const isCredible = this.#authority.answered(answer)
    if (answer.type === 'unknown') this.#leadership?.undecided()
    if (answer.type === 'unknown' || !isCredible) return
    const { view } = answer
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
    const admission =
      view.primary === before.view?.primary && !isIn(view, self.uid) ? this.#following.admission : undefined
    this.#standing.view = view
    this.#standing.wasMember ||= this.isMember
    const { heardMs } = this.#following
    this.#leadership = undefined
    this.#takeover = undefined
    this.#following = new Following(this.#standing, admission)
    if (this.#standing.isExcluded) {
      this.#standing.emit({ type: 'excluded', view })
      this.#farewell.excluded()
      return
    }
    this.#standing.emit({ type: 'view', view, primary: view.primary === self.uid })
    if (view.primary === self.uid) {
      this.#lead(view, before)
      this.#watch()
      return
    }
    this.#takeover = new Takeover(this.#standing, view)
    if (this.isMember) {
      this.#watch()
      return
    }
    // A process that is on its way in asks the new primary at once.
    const { nowMs, settings } = this.#standing
    this.#following.heardMs = Math.min(heardMs, nowMs - settings.resendMs)
  }

  #lead(view: View, { view: last, admission }: Before): void {
    // Whoever was left out may live, and wait for this.
    for (const member of last?.members ?? []) if (!isIn(view, member.uid)) this.#standing.tell(member)
    // Founded: there is nothing of this cluster yet. What is held of another one goes.
    if (this.#copy.identity !== view.identity) this.#copy = new Copy(view.identity, this.#createStore())
    this.#leadership = new Leadership({
      standing: this.#standing,
      view,
      copy: this.#copy,
      admission: admission !== undefined && !isIn(view, admission.member.uid) ? admission : undefined,
      onCommitted: (index) => this.#applyUpTo(index),
      onOwnAnswer: (answer) => this.#calls.answered(answer, view.epoch),
    })
    this.#leadership.isLeaving = this.#farewell.isLeaving
    this.#leadership.open()
  }

  #receive(message: Message): void {
    const { self, view } = this.#standing
    // Another cluster becomes ours only by the authority's word.
    if (message.to !== self.uid || view === undefined || message.identity !== view.identity) return
    if (message.type === 'view') {
      this.#learn(message.view)
      // One that leaves wants to know that it is known.
      if (!isIn(this.view, message.from.uid)) this.#standing.tell(message.from)
    } else if (message.type === 'append' || message.type === 'chunk') {
      this.#receiveEntries(message)
    } else {
      this.#receiveWithinEpoch(message)
    }
  }

  /** From a primary, to those who hold what it holds. */
  #receiveEntries(message: Message & (Append | Chunk)): void {
    if (message.view !== undefined) this.#learn(message.view)
    const { rules, epoch, isExcluded } = this.#standing
    if (isExcluded) return
    if (!rules.heeds(message.epoch, epoch)) this.#standing.tell(message.from)
    else if (message.epoch > epoch || this.isPrimary) return
    else if (message.type === 'append') this.#takeAppend(message)
    else this.#takeChunk(message)
  }

  #receiveWithinEpoch(message: Exclude<Message, Append | Chunk | Tell>): void {
    const { epoch } = this.#standing
    if (message.epoch < epoch || (message.type === 'join' && !this.isPrimary)) this.#standing.tell(message.from)
    if (message.epoch !== epoch) return
    switch (message.type) {
      case 'refuse':
      case 'fenced':
        this.#calls.answered(message, epoch)
        return
      case 'inquire':
        this.#standing.send(message.from, { type: 'inquired', hears: this.#hearsPrimary() })
        return
      case 'inquired':
        this.#takeover?.inquired(message.from.uid, message.hears)
        return
      case 'takeOver':
        this.#takeover?.asked(message.uids)
        return
      case 'acknowledge':
        if (this.#leadership === undefined) this.#takeAcknowledgement(message)
        else this.#leadership.handle(message)
        return
      default:
        this.#leadership?.handle(message)
    }
  }

  /** Of what this process wrote. Only members of the view count. */
  #takeAcknowledgement(message: Message & Acknowledge): void {
    if (!this.isMember || !isIn(this.view, message.from.uid)) return
    this.#applyUpTo(this.#following.acknowledged(message, this.#copy))
  }

  #hearsPrimary(): boolean {
    return this.isPrimary || this.#takeover?.suspects(this.#following.heardMs) === false
  }

  #takeAppend(message: Message & Append): void {
    // One that holds nothing of this cluster begins with a snapshot.
    if (this.#copy.identity !== message.identity) return
    this.#applyUpTo(this.#following.take(message, this.#copy))
  }

  #takeChunk(message: Message & Chunk): void {
    if (this.isMember) return
    const { admission: newest = 0 } = this.#following
    const { from, admission, number } = message
    if (admission < newest) return
    this.#following.heardMs = this.#standing.nowMs
    if (admission === newest) {
      // Complete already: the primary missed the answer.
      this.#standing.send(from, { type: 'chunkTaken', admission, number }, message.epoch)
      return
    }
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
    this.#calls.applied(entries, this.#copy)
  }
}
