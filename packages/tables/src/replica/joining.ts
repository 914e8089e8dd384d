import type { Store } from '../store/store.ts'
import { Copy } from './copy.ts'
import type { Chunk, Message } from './message.ts'
import type { Standing } from './standing.ts'

interface Staging {
  readonly admission: number
  readonly from: string
  readonly copy: Copy
  nextNumber: number
}

/** A process that is in no view: it asks the primary to be taken in, and receives a snapshot. */
export class Joining {
  readonly #standing: Standing
  readonly #createStore: () => Store
  #askedMs = Number.NEGATIVE_INFINITY
  #readMs = Number.NEGATIVE_INFINITY
  /** Aside, until it is complete: what is held already stays readable. */
  #staging: Staging | undefined

  constructor(standing: Standing, createStore: () => Store) {
    this.#standing = standing
    this.#createStore = createStore
  }

  /** Asks to join, when nothing was heard for a while. To ask again is to begin again, and a part that was lost is sent anew anyway. */
  ask(copy: Copy, heardMs: number): void {
    const { nowMs, settings, primary } = this.#standing
    const silentSinceMs = Math.max(heardMs, this.#askedMs)
    const waitMs = this.#staging === undefined ? settings.resendMs : settings.suspectAfterMs
    if (primary === undefined || nowMs - silentSinceMs < waitMs) return
    this.#askedMs = nowMs
    this.#staging = undefined
    const { identity, position } = copy
    this.#standing.send(primary, { type: 'join', holds: identity === undefined ? undefined : { identity, position } })
  }

  /** Whether to look at the authority: at first, and while no primary answers. It may have put this process into a view. */
  mustRead(heardMs: number): boolean {
    const { nowMs, settings } = this.#standing
    const isUnheard = nowMs - heardMs > settings.suspectAfterMs || this.#standing.primary === undefined
    if (!isUnheard || nowMs - this.#readMs < settings.resendMs) return false
    this.#readMs = nowMs
    return true
  }

  /** Looks at the authority again as soon as it can. */
  met(): void {
    this.#readMs = Number.NEGATIVE_INFINITY
  }

  /** Takes a part of a snapshot; returns the copy when it is complete. */
  take(message: Message & Chunk): Copy | undefined {
    const { from, admission, number, view, base, writers, rows, wholeFrom } = message
    const isNewer = this.#staging?.from !== from.uid || admission > this.#staging.admission
    if (number === 0 && base !== undefined && isNewer) {
      const copy = new Copy(view.identity, this.#createStore(), base)
      copy.outcomes.load(writers ?? [])
      this.#staging = { admission, from: from.uid, copy, nextNumber: 0 }
    }
    const staging = this.#staging
    if (staging === undefined || !this.#isStaged(from.uid, admission) || number > staging.nextNumber) return undefined
    this.#standing.send(from, { type: 'chunkTaken', admission, number }, message.epoch)
    if (number < staging.nextNumber) return undefined
    staging.nextNumber += 1
    for (const row of rows) staging.copy.store.load(row, this.#standing.nowMs)
    if (wholeFrom === undefined) return undefined
    staging.copy.wholeFrom = wholeFrom
    this.#staging = undefined
    return staging.copy
  }

  #isStaged(from: string, admission: number): boolean {
    return this.#staging?.from === from && this.#staging.admission === admission
  }
}
