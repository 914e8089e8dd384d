import type { View } from '../../member.ts'
import { Electorate } from './electorate.ts'
import { type Answer, compareBallots, type Vote } from './question.ts'

export type Finding =
  /** Nothing was decided after `base`, when the question was asked. */
  | { readonly type: 'stands' }
  | { readonly type: 'passed'; readonly view: View }
  /** Somebody has begun to decide on this; it has to be brought to an end to know. */
  | { readonly type: 'begun'; readonly view: View }

/** Finds out whether a view is the newest. A majority that has voted for nothing excludes that anything was decided. */
export class Inquiry {
  readonly #electorate: Electorate
  readonly #answered = new Set<string>()
  readonly #dead = new Set<string>()
  #highest: Vote | undefined
  #finding: Finding | undefined

  constructor(base: View) {
    this.#electorate = new Electorate(base)
  }

  get finding(): Finding | undefined {
    return this.#finding
  }

  take(process: string, answer: Answer): void {
    if (this.#finding !== undefined) return
    if (answer.type === 'passed') this.#finding = { type: 'passed', view: answer.view }
    if (answer.type === 'gone') this.#dead.add(process)
    if (answer.type === 'inquired') {
      this.#answered.add(process)
      const { vote } = answer
      const isHigher =
        vote !== undefined && (this.#highest === undefined || compareBallots(vote.ballot, this.#highest.ballot) > 0)
      if (isHigher) this.#highest = vote
    }
    if (this.#finding !== undefined || !this.#electorate.isEnough(this.#answered, this.#dead)) return
    this.#finding = this.#highest === undefined ? { type: 'stands' } : { type: 'begun', view: this.#highest.view }
  }
}
