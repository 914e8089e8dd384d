import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { Down, type Pid, type Process, Reference, Tuple, tuple } from '@tiebeam/distribution'
import { TablesError } from '../../../errors.ts'
import { compareIdentities } from '../../../founding/identity.ts'
import type { Member, Uid, View } from '../../../member.ts'
import { processNameOf } from '../../../node/engine-init.ts'
import type { Installation } from '../../authority.ts'
import type { AuthorityHost, AuthorityKind, StartedAuthority } from '../../authority-kind.ts'
import { Acceptor } from '../acceptor.ts'
import { Inquiry } from '../inquiry.ts'
import { Proposal } from '../proposal.ts'
import { type Addressed, type Answer, isAddressed, isAnswer, processOf, type Question } from '../question.ts'

export interface MembersInit {
  /** How long one member is waited for, in ms. Default 1,000. */
  readonly answerMs?: number
  /** How often a decision is tried when others try to make one at the same time. Default 10. */
  readonly attemptsMax?: number
}

const ANSWER_MS = 1_000
const ATTEMPTS_MAX = 10
/** Between two attempts, at random up to this and more each time, so that two proposers do not outbid each other for ever. */
const BACK_OFF_MS = 30

/**
 * The members of each view decide on the next: nothing but the cluster itself is needed. It survives the crash of any minority at once. The
 * default outside of Kubernetes.
 */
export function members(init: MembersInit = {}): AuthorityKind {
  const { answerMs = ANSWER_MS, attemptsMax = ATTEMPTS_MAX } = init
  for (const [name, value] of Object.entries({ answerMs, attemptsMax })) {
    if (!(value >= 1)) throw new TablesError('OPTION_INVALID', `members: ${name} is ${value}; it has to be at least 1`)
  }
  const past = new Set<Uid>()
  return {
    kind: 'members',
    founder: 'lowest',
    start: async (host) => new MembersAuthority(host, { answerMs, attemptsMax }, past),
  }
}

class MembersAuthority implements StartedAuthority {
  readonly #host: AuthorityHost
  readonly #init: Required<MembersInit>
  readonly #name: string
  readonly #acceptor: Acceptor
  /** As what it votes. */
  readonly #uids = new Set<Uid>()
  /** As what it was asked. */
  readonly #asked = new Set<Uid>()
  /** As what those were asked that were stopped before: with them their promises are gone. */
  readonly #past: Set<Uid>
  /** Of ballots: one that starts again in the same process must not repeat those of the one before. */
  readonly #owner = randomUUID()
  readonly #pid: Pid
  #isStopped = false
  #process: Process | undefined
  #round = 0

  constructor(host: AuthorityHost, init: Required<MembersInit>, past: Set<Uid>) {
    this.#host = host
    this.#past = past
    this.#init = init
    this.#name = processNameOf(host.name, 'authority')
    this.#acceptor = new Acceptor((member) => this.#isSelf(member))
    this.#pid = host.node.spawn((process) => this.#serve(process), { name: this.#name })
  }

  async read(): Promise<View | undefined> {
    const known = this.#newestHere() ?? (await this.#newestElsewhere())
    return known === undefined ? undefined : this.#confirm(known)
  }

  async install(next: View, expectedEpoch: number): Promise<Installation> {
    const base = this.#newestHere()
    if (base === undefined && expectedEpoch === 0) return this.#found(next)
    if (base === undefined || base.epoch < expectedEpoch) {
      throw unknown(
        `this process knows ${base === undefined ? 'no view' : `epoch ${base.epoch}`}, and epoch ${expectedEpoch} was expected`,
      )
    }
    if (base.epoch > expectedEpoch) return { type: 'stands', view: base }
    // A cluster that begins has nobody who could vote on it; that one alone begins it is a matter of the founding.
    if (base.members.length === 0 || base.identity !== next.identity) return this.#installed(next)
    const stands = await this.#decide(base, next)
    return isSame(stands, next) ? this.#installed(next) : { type: 'stands', view: stands }
  }

  async #found(next: View): Promise<Installation> {
    const elsewhere = await this.#newestElsewhere()
    return elsewhere === undefined ? this.#installed(next) : { type: 'stands', view: await this.#confirm(elsewhere) }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const uid of this.#asked) this.#past.add(uid)
    if (this.#host.node.isAlive(this.#pid)) this.#process?.exit(this.#pid, 'stopped')
  }

  /** A process that was left out comes back as another member, and still keeps what it promised as the one before. */
  #adopt(): void {
    const { uid } = this.#host.self()
    if (!this.#past.has(uid)) this.#uids.add(uid)
  }

  #isSelf({ node, creation, uid }: Member): boolean {
    const own = this.#host.node
    if (this.#isStopped || node !== own.name || creation !== own.creation) return false
    this.#adopt()
    if (!this.#uids.has(uid)) return false
    this.#asked.add(uid)
    return true
  }

  /** Of the cluster that this process is in, else of the one that it heard of last. */
  #newestHere(): View | undefined {
    if (this.#isStopped) throw stopped()
    this.#adopt()
    const view = this.#host.view()
    if (view !== undefined) this.#acceptor.learn(view)
    return this.#acceptor.newest(view?.identity)
  }

  /** @throws TablesError `AUTHORITY_UNKNOWN` when a node that takes part does not answer */
  async #newestElsewhere(): Promise<View | undefined> {
    const answers = await Promise.all(this.#host.peers().map((node) => this.#askNode(node)))
    if (answers.includes('silent')) throw unknown('a node that takes part did not say which view it knows')
    const views = answers.flatMap((answer) => (answer === 'silent' || answer === undefined ? [] : [answer]))
    return views.toSorted(
      (left, right) => compareIdentities(left.identity, right.identity) || right.epoch - left.epoch,
    )[0]
  }

  /** Which view stands, knowing that this one was decided. */
  async #confirm(known: View): Promise<View> {
    let base = known
    // Each turn finds a later view or ends.
    for (;;) {
      this.#acceptor.learn(base)
      if (base.members.length === 0) return base
      const inquiry = new Inquiry(base)
      await this.#askAll({ type: 'inquire', base }, base, (process, answer) => {
        inquiry.take(process, answer)
        return inquiry.finding !== undefined
      })
      const { finding } = inquiry
      if (finding === undefined) throw unknown(`too few of the ${base.members.length} members of the last view answer`)
      if (finding.type === 'stands') return base
      base = finding.type === 'passed' ? finding.view : await this.#decide(base, finding.view)
    }
  }

  /** The view after `base`: `next`, or what others decide on. */
  async #decide(base: View, next: View): Promise<View> {
    const { node } = this.#host
    for (let attempt = 1; attempt <= this.#init.attemptsMax; attempt += 1) {
      this.#round += 1
      const ballot = { round: this.#round, owner: this.#owner }
      const proposal = new Proposal({ base, next, ballot })
      let { question } = proposal
      let goesOn = true
      while (goesOn) {
        goesOn = false
        const asked = question
        await this.#askAll(asked, base, (process, answer) => {
          if (proposal.take(process, asked.type, answer)) goesOn = true
          return goesOn || proposal.outcome !== undefined
        })
        question = proposal.question
      }
      const { outcome, count } = proposal
      if (outcome === undefined) {
        const { answered, of, majority, dead } = count
        throw unknown(
          `${answered} of the ${of} members of the last view answer, and ${majority} must, or all that are not proven to have ended (${dead} are), if enough are left. Start those that crashed again under their names; where they are lost for good, a person decides: reset({ keep: true }) at the member that is to go on`,
        )
      }
      if (outcome.type !== 'outbid') {
        this.#acceptor.learn(outcome.view)
        this.#tell(outcome.view, base)
        return outcome.view
      }
      this.#round = Math.max(this.#round, outcome.ballot.round)
      await wait(Math.random() * BACK_OFF_MS * attempt)
    }
    throw unknown(`others made proposals at the same time, ${this.#init.attemptsMax} times; ${node.name} tries again`)
  }

  #installed(view: View): Installation {
    this.#acceptor.learn(view)
    this.#tell(view, view)
    return { type: 'installed', view }
  }

  /** Who does not hear of it will be told when they ask. */
  #tell(view: View, base: View): void {
    const question: Question = { type: 'decided', view }
    const told = new Map([...base.members, ...view.members].map((member) => [processOf(member), member]))
    for (const member of told.values()) void this.#ask(member, question)
  }

  /** Asks every member of a view; resolves when `take` has enough, or when nobody is waited for any longer. */
  #askAll(question: Question, base: View, take: (process: string, answer: Answer) => boolean): Promise<void> {
    if (this.#isStopped) return Promise.reject(stopped())
    return new Promise((resolve) => {
      let waiting = base.members.length
      for (const member of base.members) {
        void this.#ask(member, question).then((answer) => {
          waiting -= 1
          if ((answer !== undefined && take(processOf(member), answer)) || waiting === 0) resolve()
        })
      }
    })
  }

  async #askNode(node: string): Promise<View | undefined | 'silent'> {
    // Whichever process lives there: what it knows is not a vote.
    const answer = await this.#send(node, { type: 'newest' })
    return answer?.type === 'known' ? answer.view : 'silent'
  }

  async #ask(to: Member, question: Question): Promise<Answer | undefined> {
    const { node, creation, uid } = to
    const addressed = { to: { node, creation, uid }, question }
    return node === this.#host.node.name ? this.#acceptor.answer(addressed) : this.#send(node, addressed)
  }

  async #send(node: string, content: Addressed | { readonly type: 'newest' }): Promise<Answer | undefined> {
    const target = { name: this.#name, node }
    try {
      const answer = await this.#host.node.ask(target, (alias) => tuple(this.#pid, alias, content), {
        timeoutMs: this.#init.answerMs,
      })
      return !(answer instanceof Down) && isAnswer(answer) ? answer : undefined
    } catch {
      return undefined
    }
  }

  async #serve(process: Process): Promise<void> {
    this.#process = process
    for await (const message of process) {
      const [, alias, content] = message instanceof Tuple ? message.elements : []
      if (!(alias instanceof Reference)) continue
      const answer = this.#answerTo(content)
      if (answer === undefined) continue
      try {
        process.send(alias, answer)
      } catch (error) {
        this.#host.node.logger.debug({ err: error }, 'tables: an answer of the authority could not be sent')
      }
    }
  }

  #answerTo(content: unknown): Answer | undefined {
    if (isAddressed(content)) return this.#acceptor.answer(content)
    const asksForNewest =
      typeof content === 'object' && content !== null && (content as { type?: unknown }).type === 'newest'
    return asksForNewest ? { type: 'known', view: this.#newestHere() } : undefined
  }
}

function isSame(left: View, right: View): boolean {
  const uids = ({ members: list }: View): string => list.map(({ uid }) => uid).join(' ')
  return left.identity === right.identity && left.primary === right.primary && uids(left) === uids(right)
}

function unknown(why: string): TablesError {
  return new TablesError('AUTHORITY_UNKNOWN', `The members could not decide on a view: ${why}.`)
}

function stopped(): TablesError {
  return new TablesError('TABLES_STOPPED', 'The authority was stopped.')
}
