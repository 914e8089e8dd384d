import { type Member, othersIn, type Uid, type View } from '../member.ts'
import type { Standing } from './standing.ts'

interface Inquiry {
  readonly startedMs: number
  readonly answers: Map<Uid, boolean>
}

/**
 * When a member that does not hear its primary takes over. It first asks the others whether they do; the side with more members goes
 * first, and within a side the members go in their order. All of this is for liveness: rule 1 decides between those who try.
 */
export class Takeover {
  readonly #standing: Standing
  readonly #view: View
  #inquiry: Inquiry | undefined
  /** Ended, or not there when dialled. */
  readonly #lost = new Set<Uid>()
  #postponedToMs = Number.NEGATIVE_INFINITY
  /** The primary cannot reach the authority, and asked this member to try. */
  #asked: readonly Uid[] | undefined

  constructor(standing: Standing, view: View) {
    this.#standing = standing
    this.#view = view
  }

  lost(uid: Uid): void {
    this.#lost.add(uid)
  }

  asked(uids: readonly Uid[]): void {
    this.#asked = uids
  }

  inquired(from: Uid, hears: boolean): void {
    this.#inquiry?.answers.set(from, hears)
  }

  /** Whether the primary counts as lost. `heardMs`: when it was heard. */
  suspects(heardMs: number): boolean {
    return this.#isLost(this.#view.primary) || this.#standing.nowMs - heardMs > this.#standing.settings.suspectAfterMs
  }

  /** The view to install now, with this member as its primary. */
  nextView(heardMs: number): View | undefined {
    const { nowMs, settings, self } = this.#standing
    if (this.#asked !== undefined) {
      const asked = this.#asked
      this.#asked = undefined
      return this.#viewOf(this.#view.members.filter(({ uid }) => uid === self.uid || asked.includes(uid)))
    }
    if (!this.suspects(heardMs)) {
      this.#inquiry = undefined
      return undefined
    }
    if (nowMs < this.#postponedToMs) return undefined
    if (this.#inquiry === undefined) {
      this.#inquire()
      return undefined
    }
    const { startedMs, answers } = this.#inquiry
    if (nowMs < startedMs + settings.inquireMs) return undefined
    if ([...answers.values()].some((hears) => hears)) {
      // The primary lives: it is for it to leave this member out, or to be heard again.
      this.#inquiry = undefined
      this.#postponedToMs = nowMs + settings.suspectAfterMs / 2
      return undefined
    }
    const side = this.#view.members.filter(({ uid }) => uid === self.uid || answers.has(uid))
    if (nowMs < startedMs + settings.inquireMs + this.#patienceMs(side)) return undefined
    // Should the install fail, things are looked at afresh.
    this.#inquiry = undefined
    return this.#viewOf(side)
  }

  #isLost(uid: Uid | undefined): boolean {
    return uid !== undefined && this.#lost.has(uid)
  }

  #inquire(): void {
    this.#inquiry = { startedMs: this.#standing.nowMs, answers: new Map() }
    for (const member of othersIn(this.#view, this.#standing.self.uid)) {
      if (member.uid !== this.#view.primary) this.#standing.send(member, { type: 'inquire' })
    }
  }

  #patienceMs(side: readonly Member[]): number {
    const { settings, self } = this.#standing
    const turn = side.findIndex(({ uid }) => uid === self.uid)
    // Those who are lost are no side that could go on.
    const candidates = this.#view.members.filter(
      ({ uid }) => side.some((member) => member.uid === uid) || !this.#isLost(uid),
    )
    const isSmaller = side.length * 2 < candidates.length
    return turn * settings.inquireMs + (isSmaller ? settings.suspectAfterMs : 0)
  }

  #viewOf(side: readonly Member[]): View {
    const { self } = this.#standing
    const members = side.some(({ uid }) => uid === self.uid) ? side : [...side, self]
    return { identity: this.#view.identity, epoch: this.#view.epoch + 1, primary: self.uid, members }
  }
}
