import { grownMs, jitteredMs } from './back-off.ts'
import type { FormationSettings } from './settings.ts'

export type Mood =
  /** Every listed peer is there: look slowly. */
  | 'complete'
  /** A listed peer is missing: look fast. */
  | 'incomplete'
  /** Nobody else is listed: fast at first, then as slowly as when complete. */
  | 'alone'

const INTERVAL_SPREAD = 0.2
const SEARCH_GROWTH = 1.5

/** When one topology is looked up again. `pollingIntervalMs` is undefined for a strategy that pushes. */
export class Lookups {
  readonly #settings: FormationSettings
  readonly #pollingIntervalMs: number | undefined
  #running = false
  /** A peer was lost while a look-up was running, which may have begun before the name server knew. */
  #again = false
  #beganMs = Number.NEGATIVE_INFINITY
  #endedMs = Number.NEGATIVE_INFINITY
  #hurried = true
  #step = 0
  #failing = false
  #random = 0.5

  constructor(settings: FormationSettings, pollingIntervalMs: number | undefined) {
    this.#settings = settings
    this.#pollingIntervalMs = pollingIntervalMs
    // A pushing strategy lists on its own at start; it is told to refresh only after a loss.
    if (pollingIntervalMs === undefined) this.#hurried = false
  }

  get running(): boolean {
    return this.#running
  }

  /** Look again as soon as the spacing allows: a peer was lost. */
  hurry(): void {
    this.#step = 0
    if (this.#running) this.#again = true
    else this.#hurried = true
  }

  begin(nowMs: number): void {
    this.#beganMs = nowMs
    this.#hurried = false
    // A push is not an answer, so a refresh has no end.
    this.#running = this.#pollingIntervalMs !== undefined
  }

  end(nowMs: number, failing: boolean, mood: Mood, random: number): void {
    this.#running = false
    this.#endedMs = nowMs
    this.#failing = failing
    this.#random = random
    this.#hurried = this.#again
    this.#again = false
    this.#step = mood === 'complete' && !failing ? 0 : this.#step + 1
  }

  /** The next look-up's time; undefined while one is running, and when only a loss brings the next. */
  nextMs(mood: Mood): number | undefined {
    if (this.#running) return undefined
    if (this.#hurried) return this.#beganMs + this.#settings.lookupSpacingMs
    if (this.#pollingIntervalMs === undefined) return undefined
    return this.#endedMs + jitteredMs(this.#intervalMs(mood, this.#pollingIntervalMs), INTERVAL_SPREAD, this.#random)
  }

  #intervalMs(mood: Mood, pollingIntervalMs: number): number {
    const { searchMs, searchMsMax } = this.#settings
    if (mood === 'complete' && !this.#failing) return pollingIntervalMs
    const mostMs = mood === 'alone' && !this.#failing ? pollingIntervalMs : Math.min(searchMsMax, pollingIntervalMs)
    return grownMs(searchMs, SEARCH_GROWTH, Math.max(0, this.#step - 1), mostMs)
  }
}
