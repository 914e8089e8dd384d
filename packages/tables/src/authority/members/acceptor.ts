import type { Member, View } from '../../member.ts'
import { type Addressed, type Answer, type Ballot, compareBallots, type Question, type Vote } from './question.ts'

/** Clusters of which a process keeps its promises: one, but for resets and meetings. */
const CLUSTERS_MAX = 64

/** What a process knows of one cluster. */
interface Known {
  decided: View
  /** Nothing is accepted below this, for the view after `decided`. */
  promised: Ballot | undefined
  vote: Vote | undefined
}

/**
 * Votes on views, and knows what was decided, as far as it was told. It lives and ends with its process: what it has promised is in memory
 * alone, so a process that starts again is another acceptor.
 */
export class Acceptor {
  readonly #isSelf: (member: Member) => boolean
  readonly #clusters = new Map<string, Known>()
  /** Where promises were given up for want of room, there is no voting any more. */
  readonly #forgotten = new Set<string>()

  /** @param isSelf whether it votes as this member; once it does not, it never does again */
  constructor(isSelf: (member: Member) => boolean) {
    this.#isSelf = isSelf
  }

  answer({ to, question }: Addressed): Answer {
    return this.#isSelf(to) ? this.#answer(question) : { type: 'gone' }
  }

  /** The newest decided view of a cluster; of the one that was heard of last, when none is named. */
  newest(identity?: string): View | undefined {
    const known = identity === undefined ? [...this.#clusters.values()].at(-1) : this.#clusters.get(identity)
    return known?.decided
  }

  /** This view was decided. */
  learn(view: View): void {
    this.#learn(view)
  }

  #answer(question: Question): Answer {
    switch (question.type) {
      case 'newest':
        return { type: 'known', view: this.newest() }
      case 'decided':
        this.#learn(question.view)
        return { type: 'known', view: this.newest(question.view.identity) }
      default:
        return this.#vote(question)
    }
  }

  #vote(question: Extract<Question, { readonly base: View }>): Answer {
    const { base } = question
    const known = this.#learn(base)
    if (known === undefined) return { type: 'abstains' }
    if (known.decided.epoch > base.epoch) return { type: 'passed', view: known.decided }
    if (question.type === 'inquire') return { type: 'inquired', vote: known.vote }
    const { ballot } = question
    if (known.promised !== undefined && compareBallots(ballot, known.promised) < 0) {
      return { type: 'outbid', ballot: known.promised }
    }
    known.promised = ballot
    if (question.type === 'prepare') return { type: 'promised', vote: known.vote }
    known.vote = { ballot, view: question.view }
    return { type: 'accepted' }
  }

  /** A newer view ends the voting that it is the outcome of. */
  #learn(view: View): Known | undefined {
    const { identity, epoch } = view
    if (this.#forgotten.has(identity)) return undefined
    const known = this.#clusters.get(identity)
    if (known !== undefined && known.decided.epoch >= epoch) return known
    const learned: Known = { decided: view, promised: undefined, vote: undefined }
    // Put at the end: it was heard of last.
    this.#clusters.delete(identity)
    this.#clusters.set(identity, learned)
    const [oldest] = this.#clusters.keys()
    if (this.#clusters.size > CLUSTERS_MAX && oldest !== undefined) {
      this.#clusters.delete(oldest)
      this.#forgotten.add(oldest)
    }
    return learned
  }
}
