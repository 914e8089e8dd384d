import type { Random } from '@tiebeam/testing'
import { Acceptor } from '../../../src/authority/members/acceptor.ts'
import { Electorate } from '../../../src/authority/members/electorate.ts'
import { Proposal } from '../../../src/authority/members/proposal.ts'
import { type Addressed, type Answer, processOf, type Question } from '../../../src/authority/members/question.ts'
import type { Member, View } from '../../../src/member.ts'

/** What goes wrong on purpose. */
export type Weakness = 'none' | 'forgetful' | 'minority' | 'living dead'

const EPOCHS = 4
const STEPS_MAX = 1_500

interface Process {
  readonly node: string
  creation: number
  acceptor: Acceptor
  /** As what it votes. */
  uids: Set<string>
  /** Counts its lives, also those within one creation. */
  life: number
  alive: boolean
  round: number
  known: View
  proposal: { readonly proposal: Proposal; readonly base: View } | undefined
}

type Delivery = () => void

/**
 * Members of a view decide on the next, and those on the next: with messages that are lost, doubled and overtaken, processes that end and
 * start again, and several that propose at once. Throws when two views are decided in one epoch.
 */
export class MembersSimulation {
  readonly decided = new Map<number, string>()
  readonly #random: Random
  readonly #weakness: Weakness
  readonly #processes: Process[]
  readonly #inFlight: Delivery[] = []
  #uids = 0

  constructor(random: Random, weakness: Weakness) {
    this.#random = random
    this.#weakness = weakness
    const count = 2 + random.integer(4)
    const nodes = Array.from({ length: count }, (_, index) => `n${index}`)
    const first: View = {
      identity: 'i',
      epoch: 1,
      primary: 'u-n0',
      members: nodes.map((node) => ({ node, creation: 1, uid: `u-${node}` })),
    }
    this.#processes = nodes.map((node) => {
      const uids = new Set([`u-${node}`])
      const process = { node, creation: 1, uids, life: 1, alive: true, round: 0, known: first, proposal: undefined }
      return Object.assign(process, { acceptor: acceptorOf(process) })
    })
    for (const { acceptor } of this.#processes) acceptor.learn(first)
  }

  run(): void {
    for (let step = 0; step < STEPS_MAX && this.decided.size < EPOCHS; step += 1) this.#step()
  }

  #step(): void {
    const random = this.#random
    const kind = random.integer(100)
    const process = random.pick(this.#processes)
    if (kind < 90 && this.#inFlight.length > 0) {
      const index = random.integer(this.#inFlight.length)
      const delivery = this.#inFlight[index] as Delivery
      if (!random.chance(0.1)) this.#inFlight.splice(index, 1)
      if (!random.chance(0.05)) delivery()
    } else if (kind < 98) this.#propose(process)
    else if (kind < 99) this.#restart(process)
    else this.#forget(process)
  }

  #propose(process: Process): void {
    const random = this.#random
    const { known } = process
    // One that has begun may take its time, or give up.
    if (process.proposal !== undefined && !random.chance(0.1)) return
    if (!process.alive || !known.members.some(({ uid }) => process.uids.has(uid))) return
    // Without the others it has not heard of for a while, or with somebody new.
    const members = known.members.filter(() => !random.chance(0.3))
    if (random.chance(0.5)) members.push(this.#newMember(random.pick(this.#processes)))
    if (members.length === 0) return
    this.#uids += 1
    const next: View = { ...known, epoch: known.epoch + 1, primary: `by-${process.node}-${this.#uids}`, members }
    process.round += 1 + random.integer(3)
    const ballot = { round: process.round, owner: `${process.node}/${process.life}` }
    const electorate = this.#weakness === 'minority' ? new Minority(known) : new Electorate(known)
    process.proposal = { base: known, proposal: new Proposal({ base: known, next, ballot, electorate }) }
    this.#askAll(process)
  }

  #newMember({ node, creation, uids }: Process): Member {
    this.#uids += 1
    const uid = `u-${node}-${this.#uids}`
    uids.add(uid)
    return { node, creation, uid }
  }

  #askAll(process: Process): void {
    const current = process.proposal
    if (current === undefined) return
    const { question } = current.proposal
    for (const member of current.base.members) this.#ask(process, member, question, current.proposal)
  }

  #ask(from: Process, to: Member, question: Question, proposal: Proposal): void {
    this.#inFlight.push(() => {
      const target = this.#processes.find(({ node }) => node === to.node)
      if (target === undefined || !target.alive) return
      const answer = this.#answer(target, { to, question })
      this.#inFlight.push(() => {
        if (from.proposal?.proposal !== proposal) return
        if (proposal.take(processOf(to), question.type, answer)) this.#askAll(from)
        this.#look(from, proposal)
      })
    })
  }

  #answer(target: Process, addressed: Addressed): Answer {
    // It passes for dead, and votes on.
    if (this.#weakness === 'living dead' && this.#random.chance(0.3)) return { type: 'gone' }
    return target.acceptor.answer(addressed)
  }

  #look(process: Process, proposal: Proposal): void {
    const { outcome } = proposal
    if (outcome === undefined) return
    process.proposal = undefined
    if (outcome.type === 'outbid') {
      process.round = Math.max(process.round, outcome.ballot.round)
      return
    }
    const { view } = outcome
    this.#check(view)
    if (view.epoch > process.known.epoch) process.known = view
    process.acceptor.learn(view)
    for (const { node } of view.members) {
      const target = this.#processes.find((other) => other.node === node)
      if (target === undefined) continue
      this.#inFlight.push(() => {
        if (!target.alive) return
        target.acceptor.learn(view)
        if (view.epoch > target.known.epoch) target.known = view
      })
    }
  }

  #check(view: View): void {
    const before = this.decided.get(view.epoch)
    const text = `${view.primary}: ${view.members.map(({ uid }) => uid).join(' ')}`
    if (before !== undefined && before !== text)
      throw new Error(`two views of epoch ${view.epoch}: ${before} and ${text}`)
    this.decided.set(view.epoch, text)
  }

  /** The process ends; another one is there under its name at once, or after a while. */
  #restart(process: Process): void {
    if (process.alive && this.#random.chance(0.6)) {
      process.alive = false
      process.proposal = undefined
      return
    }
    process.alive = true
    // Or it is the same process, in which the authority begins anew.
    if (this.#random.chance(0.7)) process.creation += 1
    process.life += 1
    process.uids = new Set()
    process.round = 0
    process.acceptor = acceptorOf(process)
    process.proposal = undefined
  }

  #forget(process: Process): void {
    if (this.#weakness !== 'forgetful') return
    process.acceptor = acceptorOf(process)
  }
}

function acceptorOf(process: Pick<Process, 'node' | 'creation' | 'uids'>): Acceptor {
  const { node, creation, uids } = process
  return new Acceptor((member) => member.node === node && member.creation === creation && uids.has(member.uid))
}

/** Half of the members is no majority. */
class Minority extends Electorate {
  override get majority(): number {
    return Math.max(1, this.processes.length >> 1)
  }
}
