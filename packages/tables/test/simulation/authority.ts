import type { Random } from '@tiebeam/testing'
import { Register } from '../../src/authority/register.ts'
import type { View } from '../../src/member.ts'
import type { AuthorityAnswer } from '../../src/replica/event.ts'
import type { Coverage } from './coverage.ts'
import type { EventQueue } from './event-queue.ts'
import { Violation } from './violation.ts'

export interface AuthorityFaults {
  readonly delayMsMax: number
  /** Of calls: the request or the answer takes longer than the caller waits. */
  readonly slowChance: number
  readonly lostRequestChance: number
  readonly lostAnswerChance: number
}

const CALLER_WAITS_MS = 150
const SLOW_MS_MAX = 1200

/** The register, reached by calls that may be slow or lost on the way there and back. */
export class SimulatedAuthority {
  readonly register = new Register()
  /** Every view that ever stood, by epoch. */
  readonly history = new Map<number, View>()
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #faults: AuthorityFaults
  readonly #coverage: Coverage
  /** Nodes that cannot reach it, and until when. */
  readonly #cutUntilMs = new Map<string, number>()
  #isHealed = false
  onInstalled: (view: View, before: View | undefined) => void = () => {}

  constructor(queue: EventQueue, random: Random, faults: AuthorityFaults, coverage: Coverage) {
    this.#queue = queue
    this.#random = random
    this.#faults = faults
    this.#coverage = coverage
  }

  cut(node: string, forMs: number): void {
    this.#cutUntilMs.set(node, this.#queue.nowMs + forMs)
  }

  heal(): void {
    this.#isHealed = true
    this.#cutUntilMs.clear()
  }

  read(node: string, answered: (answer: AuthorityAnswer) => void): void {
    this.#call(node, () => ({ type: 'read', view: this.register.view }), answered)
  }

  install(node: string, next: View, expectedEpoch: number, answered: (answer: AuthorityAnswer) => void): void {
    this.#call(node, () => this.#install(next, expectedEpoch), answered)
  }

  #install(next: View, expectedEpoch: number): AuthorityAnswer {
    const before = this.register.view
    const answer = this.register.install(next, expectedEpoch)
    if (answer.type === 'installed') {
      if (this.history.has(next.epoch)) throw new Violation(1, `two views of epoch ${next.epoch}`)
      this.history.set(next.epoch, next)
      this.onInstalled(next, before)
    }
    return answer
  }

  #call(node: string, act: () => AuthorityAnswer, answered: (answer: AuthorityAnswer) => void): void {
    let isOver = false
    const answer = (given: AuthorityAnswer): void => {
      // Too late: the caller was told that it is unknown, and so it stays for it.
      if (isOver && given.type === 'installed') this.#coverage.add('unknownInstall')
      if (isOver) return
      isOver = true
      answered(given)
    }
    this.#queue.after(CALLER_WAITS_MS, () => answer({ type: 'unknown' }))
    if (this.#isCut(node) || this.#fails(this.#faults.lostRequestChance)) return
    this.#queue.after(this.#delayMs(), () => {
      const given = act()
      if (this.#isCut(node) || this.#fails(this.#faults.lostAnswerChance)) {
        if (given.type === 'installed') this.#coverage.add('unknownInstall')
        return
      }
      this.#queue.after(this.#delayMs(), () => answer(given))
    })
  }

  #isCut(node: string): boolean {
    return (this.#cutUntilMs.get(node) ?? 0) > this.#queue.nowMs
  }

  #fails(chance: number): boolean {
    return !this.#isHealed && this.#random.chance(chance)
  }

  #delayMs(): number {
    if (this.#fails(this.#faults.slowChance)) return this.#random.integer(SLOW_MS_MAX)
    return this.#random.integer(1, this.#faults.delayMsMax)
  }
}
