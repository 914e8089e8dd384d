import { othersIn, type Uid } from '../member.ts'
import type { Standing } from './standing.ts'

/**
 * A member that counts for itself who holds the entries that it wrote, and so knows that they are committed before their primary does: that
 * takes one message less. For one view.
 */
export class Witness {
  readonly #standing: Standing
  /** Up to where each member has told that its log is the primary's. */
  readonly #held = new Map<Uid, number>()
  /** The last entry of which the primary said that it may be counted here. */
  #upTo = 0

  constructor(standing: Standing) {
    this.#standing = standing
  }

  /** The primary names this process for its entries up to this one. */
  named(upTo: number): void {
    this.#upTo = Math.max(this.#upTo, upTo)
  }

  acknowledged(uid: Uid, matched: number): void {
    this.#held.set(uid, Math.max(this.#held.get(uid) ?? 0, matched))
  }

  /** Up to here all is committed, as far as this process can tell. `matched`: up to where its own log is the primary's. */
  committed(matched: number): number {
    const { view, self, rules } = this.#standing
    if (view === undefined || this.#upTo === 0) return 0
    const held = [matched]
    // Whoever sent the entries holds them.
    for (const { uid } of othersIn(view, self.uid)) if (uid !== view.primary) held.push(this.#held.get(uid) ?? 0)
    return rules.witnessed(this.#upTo, held)
  }
}
