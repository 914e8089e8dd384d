import type { View } from '../../member.ts'
import { Electorate } from './electorate.ts'
import { type Answer, type Ballot, compareBallots, type Question, type Vote } from './question.ts'

export type Outcome =
  /** This view is decided: the one that was proposed, or one that others had begun to decide on. */
  | { readonly type: 'decided'; readonly view: View }
  /** The epoch was decided before. */
  | { readonly type: 'passed'; readonly view: View }
  /** Somebody else is at it, with this ballot. */
  | { readonly type: 'outbid'; readonly ballot: Ballot }

export interface ProposalInit {
  readonly base: View
  /** What to propose, if nobody has begun to decide on something else. */
  readonly next: View
  readonly ballot: Ballot
  readonly electorate?: Electorate
}

/** One attempt to decide on the view after `base`: single-decree Paxos (Lamport, "Paxos Made Simple", 2001), among the members of `base`. */
export class Proposal {
  readonly #init: ProposalInit
  readonly #electorate: Electorate
  readonly #dead = new Set<string>()
  #votes = new Set<string>()
  #highest: Vote | undefined
  #proposed: View | undefined
  #outcome: Outcome | undefined

  constructor(init: ProposalInit) {
    this.#init = init
    this.#electorate = init.electorate ?? new Electorate(init.base)
  }

  /** Undefined as long as answers are waited for. */
  get outcome(): Outcome | undefined {
    return this.#outcome
  }

  /** How many answered in the present phase, and how many must. */
  get count(): { readonly answered: number; readonly dead: number; readonly of: number; readonly majority: number } {
    const { processes, majority } = this.#electorate
    return { answered: this.#votes.size, dead: this.#dead.size, of: processes.length, majority }
  }

  /** What to ask every member now. */
  get question(): Question {
    const { base, ballot } = this.#init
    return this.#proposed === undefined
      ? { type: 'prepare', base, ballot }
      : { type: 'accept', base, ballot, view: this.#proposed }
  }

  /** Takes the answer of one process to a question; true when there is another question for every member. */
  take(process: string, asked: Question['type'], answer: Answer): boolean {
    if (this.#outcome !== undefined) return false
    switch (answer.type) {
      case 'promised':
        if (asked !== 'prepare' || this.#proposed !== undefined) return false
        this.#votes.add(process)
        this.#consider(answer.vote)
        return this.#prepared()
      case 'accepted':
        if (asked !== 'accept' || this.#proposed === undefined) return false
        this.#votes.add(process)
        this.#accepted()
        return false
      case 'outbid':
        this.#outcome = { type: 'outbid', ballot: answer.ballot }
        return false
      case 'passed':
        this.#outcome = { type: 'passed', view: answer.view }
        return false
      case 'gone':
        this.#dead.add(process)
        if (this.#proposed === undefined) return this.#prepared()
        this.#accepted()
        return false
      default:
        return false
    }
  }

  #consider(vote: Vote | undefined): void {
    if (vote === undefined) return
    if (this.#highest === undefined || compareBallots(vote.ballot, this.#highest.ballot) > 0) this.#highest = vote
  }

  #prepared(): boolean {
    if (!this.#electorate.isEnough(this.#votes, this.#dead)) return false
    this.#proposed = this.#highest?.view ?? this.#init.next
    this.#votes = new Set()
    return true
  }

  #accepted(): void {
    if (this.#electorate.isEnough(this.#votes, this.#dead)) {
      this.#outcome = { type: 'decided', view: this.#proposed as View }
    }
  }
}
