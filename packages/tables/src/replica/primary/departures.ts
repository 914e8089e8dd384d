import type { Uid } from '../../member.ts'

/** Since when writers are gone, by this primary's clock: a new primary gives them their time again. */
export class Departures {
  readonly #keptMs: number
  readonly #since = new Map<Uid, number>()

  constructor(keptMs: number) {
    this.#keptMs = keptMs
  }

  /** Those of `departed` whose time is over; each once. */
  due(departed: readonly Uid[], nowMs: number): Uid[] {
    for (const uid of this.#since.keys()) if (!departed.includes(uid)) this.#since.delete(uid)
    const due: Uid[] = []
    for (const uid of departed) {
      const since = this.#since.get(uid)
      if (since === undefined) this.#since.set(uid, nowMs)
      else if (nowMs - since >= this.#keptMs) {
        due.push(uid)
        // Until the entry is applied it is still listed.
        this.#since.set(uid, Number.POSITIVE_INFINITY)
      }
    }
    return due
  }
}
