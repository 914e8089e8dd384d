import type { View } from '../../member.ts'
import { processOf } from './question.ts'

/**
 * Who decides on the view after `base`: a majority of its members; or all of them that are not proven dead, if they are at least n − q + 1,
 * which every majority of q has one of. The dead vote no more, so whatever is decided later is decided by some who know of it.
 */
export class Electorate {
  readonly processes: readonly string[]

  constructor(base: View) {
    this.processes = base.members.map(processOf)
  }

  get majority(): number {
    return (this.processes.length >> 1) + 1
  }

  isEnough(votes: ReadonlySet<string>, dead: ReadonlySet<string>): boolean {
    const { length } = this.processes
    if (votes.size >= this.majority) return true
    return votes.size > length - this.majority && votes.size + dead.size >= length
  }
}
