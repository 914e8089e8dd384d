import type { ReplicaEvent } from './event.ts'
import type { Standing } from './standing.ts'

/** How a member leaves: it asks to be left out, and ends when the others know the view without it. */
export class Farewell {
  readonly #standing: Standing
  #isLeaving = false
  #sentMs = Number.NEGATIVE_INFINITY
  #excludedMs = 0

  constructor(standing: Standing) {
    this.#standing = standing
  }

  get isLeaving(): boolean {
    return this.#isLeaving
  }

  begin(): void {
    this.#isLeaving = true
  }

  /** A primary hands over on its own; any other member asks it. */
  ask(): void {
    const { nowMs, settings, primary } = this.#standing
    if (!this.#isLeaving || primary === undefined || nowMs - this.#sentMs < settings.resendMs) return
    this.#sentMs = nowMs
    this.#standing.send(primary, { type: 'leave' })
  }

  /** Out of the view, wanted or not. */
  excluded(): void {
    this.#excludedMs = this.#standing.nowMs
    if (this.#isLeaving) this.#tellAll()
  }

  stepExcluded(event: ReplicaEvent): void {
    const { nowMs, settings, epoch } = this.#standing
    if (event.type === 'leave') this.#isLeaving = true
    if (event.type === 'tick' && this.#isLeaving && nowMs - this.#sentMs >= settings.heartbeatMs) this.#tellAll()
    if (event.type !== 'message') return
    if (event.message.type === 'view') {
      if (this.#isLeaving) this.#end()
    } else if (event.message.epoch < epoch) {
      // Whoever still takes this process for a member learns better.
      this.#standing.tell(event.message.from)
    }
  }

  #tellAll(): void {
    const { nowMs, settings, view } = this.#standing
    this.#sentMs = nowMs
    const members = view?.members ?? []
    for (const member of members) this.#standing.tell(member)
    // Those who do not answer learn it from the authority.
    if (members.length === 0 || nowMs - this.#excludedMs > settings.suspectAfterMs) this.#end()
  }

  #end(): void {
    this.#isLeaving = false
    this.#standing.emit({ type: 'left' })
  }
}
