import type { View } from '../member.ts'
import type { AuthorityAnswer } from './event.ts'
import type { Standing } from './standing.ts'

/** One call of the authority at a time, and a pause after one whose outcome is unknown. */
export class AuthorityAccess {
  readonly #standing: Standing
  #isCalling = false
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #unknownInARow = 0
  #readMs = Number.NEGATIVE_INFINITY
  /** What stood for certain when the call was made. */
  #known: View | undefined

  constructor(standing: Standing) {
    this.#standing = standing
  }

  get isFree(): boolean {
    return !this.#isCalling && this.#standing.nowMs >= this.#notBeforeMs
  }

  /** How many calls in a row were answered `unknown`. */
  get unknownInARow(): number {
    return this.#unknownInARow
  }

  /** Whether it was not looked at for long. */
  get isReadDue(): boolean {
    return this.#standing.nowMs - this.#readMs >= this.#standing.settings.authorityReadMs
  }

  read(): void {
    this.#call()
    this.#readMs = this.#standing.nowMs
    this.#standing.emit({ type: 'readAuthority' })
  }

  install(next: View): void {
    this.#call()
    this.#standing.emit({ type: 'install', next, expectedEpoch: next.epoch - 1 })
  }

  /** Returns whether it can be believed: a record that is older than what stood when it was asked for was not left alone. */
  answered(answer: AuthorityAnswer): boolean {
    this.#isCalling = false
    if (answer.type === 'unknown') {
      this.#unknownInARow += 1
      this.#notBeforeMs = this.#standing.nowMs + this.#standing.settings.authorityRetryMs
      return true
    }
    this.#unknownInARow = 0
    const known = this.#known
    if (known === undefined || !isOlder(answer.view, known)) return true
    this.#standing.emit({ type: 'recordWentBack', known, found: answer.view })
    return false
  }

  #call(): void {
    this.#isCalling = true
    this.#known = this.#standing.view
  }
}

/** The record was deleted, restored, or made anew. */
function isOlder(found: View | undefined, known: View): boolean {
  if (found === undefined || found.epoch < known.epoch) return true
  return found.epoch === known.epoch && found.identity !== known.identity
}
