import { isIn, type Member, memberOf, type Uid, type View } from '../member.ts'
import type { Effect } from './event.ts'
import type { MessageBody } from './message.ts'
import type { Rules } from './rules.ts'
import type { ReplicaSettings } from './settings.ts'

export interface StandingInit {
  readonly self: Member
  readonly settings: ReplicaSettings
  readonly rules: Rules
}

/** Who this process is, and which view it knows; the way out for its effects. Shared by the parts of a replica. */
export class Standing {
  readonly self: Member
  readonly settings: ReplicaSettings
  readonly rules: Rules
  nowMs = 0
  /** The newest view known. Its epoch is the highest that this process has accepted (rule 3). */
  view: View | undefined
  /** Once in a view and then out of it, a member is out for good. */
  wasMember = false
  #effects: Effect[] = []
  #isSending = false
  #admissions = 0

  constructor({ self, settings, rules }: StandingInit) {
    this.self = self
    this.settings = settings
    this.rules = rules
  }

  get epoch(): number {
    return this.view?.epoch ?? 0
  }

  get isMember(): boolean {
    return isIn(this.view, this.self.uid)
  }

  get isPrimary(): boolean {
    return this.isMember && this.view?.primary === this.self.uid
  }

  get isExcluded(): boolean {
    return this.wasMember && !this.isMember
  }

  get primary(): Member | undefined {
    return memberOf(this.view, this.view?.primary)
  }

  memberOf(uid: Uid): Member | undefined {
    return memberOf(this.view, uid)
  }

  /** A number for each try to take a process in, growing over all views that this process leads. */
  nextAdmission(): number {
    this.#admissions += 1
    return this.#admissions
  }

  emit(effect: Effect): void {
    this.#effects.push(effect)
  }

  /** An answer carries the epoch of what it answers. */
  send(to: Member, body: MessageBody, epoch = this.epoch): void {
    const { self, view } = this
    this.#isSending = true
    const message = { ...body, identity: view?.identity, epoch, from: self, to: to.uid }
    this.emit({ type: 'send', node: to.node, message })
  }

  /** Tells of the view that this process knows. */
  tell(member: Member): void {
    const { view, self } = this
    if (view !== undefined && member.uid !== self.uid) this.send(member, { type: 'view', view })
  }

  /** Whether messages are among the effects. */
  get isSending(): boolean {
    return this.#isSending
  }

  takeEffects(): Effect[] {
    const effects = this.#effects
    this.#isSending = false
    this.#effects = []
    return effects
  }
}
