import type { Member } from '../../member.ts'
import type { FenceFacts, Rules } from '../rules.ts'

interface FenceCall {
  readonly from: Member
  readonly call: number
}

/**
 * Rule 10, a fence asks whom a commit needs: `sync()` is answered after all of them have said that they know no higher epoch.
 * The question is a number on what the primary sends anyway.
 */
export class Fences {
  readonly #rules: Rules
  #round = 0
  /** By caller and call, for they ask again. */
  #waiting = new Map<string, FenceCall>()
  #serving = new Map<string, FenceCall>()

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** The newest round; asked of everyone. */
  get round(): number {
    return this.#round
  }

  call(from: Member, call: number): void {
    const name = `${call} ${from.uid}`
    if (this.#serving.has(name)) return
    const isRunning = this.#serving.size > 0
    const calls = isRunning && this.#rules.servesLateCall() ? this.#serving : this.#waiting
    calls.set(name, { from, call })
    if (!isRunning) this.#begin()
  }

  /** The calls that can be answered now. */
  answerable(facts: FenceFacts): FenceCall[] {
    if (this.#serving.size === 0) return []
    if (!this.#rules.mayAnswerFence(facts) || !this.#rules.isFenceAnswered(this.#round, facts)) return []
    const answered = [...this.#serving.values()]
    this.#serving.clear()
    if (this.#waiting.size > 0) this.#begin()
    return answered
  }

  #begin(): void {
    this.#serving = this.#waiting
    this.#waiting = new Map()
    this.#round += 1
  }
}
