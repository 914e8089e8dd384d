import { Random } from '@tiebeam/testing'
import { isIn, type Member, type View } from '../../src/member.ts'
import type { ReplicaEvent } from '../../src/replica/event.ts'
import type { Message } from '../../src/replica/message.ts'
import { Rules } from '../../src/replica/rules.ts'
import { replicaDefaults } from '../../src/replica/settings.ts'
import { SimulatedAuthority } from './authority.ts'
import { Checker } from './checker.ts'
import { Client } from './client.ts'
import { Coverage } from './coverage.ts'
import { EventQueue } from './event-queue.ts'
import { injectFault, scatter } from './faults.ts'
import { SimulatedNetwork } from './network.ts'
import { isMemberOf, SimulatedProcess } from './process.ts'
import type { Profile } from './profile.ts'
import { TraceHash } from './trace-hash.ts'

export interface SimulationInit {
  readonly seed: number
  /** Tells the runs of one seed apart. */
  readonly stream: number
  readonly profile: Profile
  /** Whether the rules are asserted in every step, or only what an application could see is looked at. */
  readonly assertsRules?: boolean
  /** With rules of its own a test shows what goes wrong without one. */
  readonly rules?: Rules
  /** A reset that keeps the identity is a mistake on purpose. */
  readonly keepsIdentity?: boolean
  /** So is a transaction without writes that reports what it read at once. */
  readonly validatesReads?: boolean
}

const CONVERGES_WITHIN_MS = 6000

/** One run: some nodes, an authority, clients and faults, from one seed; then all is healed, and they must come together again. */
export class Simulation {
  readonly profile: Profile
  readonly random: Random
  readonly queue = new EventQueue()
  readonly network: SimulatedNetwork
  readonly authority: SimulatedAuthority
  readonly checker: Checker
  readonly coverage = new Coverage()
  readonly nodes: readonly string[]
  readonly validatesReads: boolean
  readonly #init: SimulationInit
  readonly #rules: Rules
  readonly #trace = new TraceHash()
  readonly #processes = new Map<string, SimulatedProcess>()
  #creations = 0
  #calls = 0
  #identities = 0
  #isFounding = false
  isHealed = false
  /** Clients ask for nothing more. */
  isQuiet = false

  constructor(init: SimulationInit) {
    this.#init = init
    this.profile = init.profile
    this.#rules = init.rules ?? new Rules()
    this.validatesReads = init.validatesReads ?? true
    this.random = new Random(init.seed, init.stream)
    this.network = new SimulatedNetwork(this.queue, this.random, this.profile.slowMs, this.profile.isDisorderly)
    this.authority = new SimulatedAuthority(this.queue, this.random, this.profile.authority, this.coverage)
    const settings = { ...replicaDefaults, ...this.profile.settings }
    this.checker = new Checker(this.authority, this.coverage, settings, init.assertsRules ?? true)
    this.authority.onInstalled = (view, before) => this.#installed(view, before)
    this.nodes = Array.from({ length: this.profile.nodes }, (_, index) => `node${index}`)
  }

  get nowMs(): number {
    return this.queue.nowMs
  }

  get living(): SimulatedProcess[] {
    return [...this.#processes.values()].filter(({ isAlive }) => isAlive)
  }

  /** The primary of the view that stands. */
  get primary(): SimulatedProcess | undefined {
    return this.living.find(({ uid }) => uid === this.authority.register.view?.primary)
  }

  /** The same for every run of one seed and stream, to the byte. */
  get traceHash(): string {
    return this.#trace.toString()
  }

  run(): void {
    for (const node of this.nodes) this.queue.after(this.random.integer(50), () => this.start(node))
    this.queue.after(200, () => this.#faults())
    this.queue.after(100, () => this.#watchTotalLoss())
    this.queue.runUntil(this.profile.durationMs)
    this.#heal()
    this.#converge()
  }

  nextCall(): number {
    this.#calls += 1
    return this.#calls
  }

  start(node: string): void {
    if (this.#processes.get(node)?.isAlive) return
    this.#creations += 1
    const { settings } = this.profile
    const process = new SimulatedProcess({
      simulation: this,
      node,
      creation: this.#creations,
      rules: this.#rules,
      settings,
    })
    this.#processes.set(node, process)
    new Client(this, process)
  }

  crash(process: SimulatedProcess): void {
    if (!process.isAlive || this.isHealed) return
    this.coverage.add('crash')
    process.kill()
    const { uid, node } = process
    // The peers are told by their kernels, or learn it by silence.
    if (this.random.chance(0.5)) {
      for (const peer of this.living) this.queue.after(this.random.integer(20), () => peer.hand({ type: 'lost', uid }))
    }
    this.queue.after(30 + this.random.integer(600), () => this.start(node))
  }

  left(process: SimulatedProcess): void {
    this.coverage.add('left')
    process.kill()
    this.queue.after(30 + this.random.integer(300), () => this.start(process.node))
  }

  send(from: string, to: string, message: Message): void {
    this.network.carry(from, to, () => this.#processes.get(to)?.deliver(message))
  }

  /** Nobody is in the view: one of those who ask begins a cluster. */
  unfounded(process: SimulatedProcess, over: View | undefined): void {
    if (this.authority.register.view !== over) return
    this.#identities += 1
    process.hand({ type: 'found', identity: `cluster${this.#identities}`, over })
  }

  traced(node: string, event: ReplicaEvent): void {
    this.#trace.add(this.nowMs)
    this.#trace.addText(node)
    this.#trace.addText(event.type)
    if (event.type !== 'message') return
    this.#trace.addText(event.message.type)
    this.#trace.add(event.message.epoch)
  }

  #faults(): void {
    if (this.isHealed) return
    injectFault(this)
    this.queue.after(1 + this.random.integer(this.profile.faultMs * 2), () => this.#faults())
  }

  /** A primary decided to let a process in: it shall not hold more than it did then. */
  installing(view: View): void {
    const before = this.authority.register.view
    if (this.isHealed || before?.primary !== view.primary || !this.random.chance(this.profile.cutDecidedChance)) return
    const joiner = joinerOf(view, before)
    if (joiner !== undefined) this.#cutOff(joiner.node, 300 + this.random.integer(1500))
  }

  #installed(view: View, before: View | undefined): void {
    if (before !== undefined && before.primary !== view.primary) this.#takenOver(view)
    const joiner = joinerOf(view, before)
    if (joiner === undefined || before?.identity !== view.identity) return
    this.coverage.add('joined')
    // Its primary shall not know it yet.
    if (this.isHealed || !this.random.chance(this.profile.cutJoinerChance)) return
    const primary = before.members.find(({ uid }) => uid === before.primary)
    if (primary === undefined) return
    const forMs = 300 + this.random.integer(1500)
    this.authority.cut(primary.node, forMs)
    this.#cutOff(joiner.node, forMs)
    this.coverage.add('joinerCut')
  }

  #cutOff(node: string, forMs: number): void {
    for (const other of this.nodes) if (other !== node) this.network.cutBothWays(other, node, forMs)
  }

  #takenOver(view: View): void {
    const primary = view.members.find(({ uid }) => uid === view.primary)
    if (primary === undefined || this.isHealed || !this.random.chance(this.profile.scatterChance)) return
    scatter(this, primary.node)
  }

  /** The view stands, and none of its members lives: with proof of their deaths a new cluster begins, with nothing. */
  #watchTotalLoss(): void {
    this.queue.after(100, () => this.#watchTotalLoss())
    const { view } = this.authority.register
    if (view === undefined || view.members.length === 0 || this.#isFounding) return
    const isProvenDead = (process: SimulatedProcess): boolean => this.profile.proofLies && process.isPaused
    const isAlive = this.living.some((process) => isMemberOf(view, process) && !isProvenDead(process))
    if (isAlive) return
    const joiners = this.living.filter(({ replica, isPaused }) => !isPaused && !replica.isMember && !replica.isExcluded)
    if (joiners.length === 0) return
    this.#isFounding = true
    this.queue.after(this.random.integer(200), () => {
      this.#isFounding = false
      if (this.authority.register.view !== view) return
      this.#identities += 1
      const identity = this.#init.keepsIdentity ? view.identity : `cluster${this.#identities}`
      this.coverage.add('reset')
      this.random.pick(joiners).hand({ type: 'found', identity, over: view })
    })
  }

  #heal(): void {
    this.isHealed = true
    this.network.heal()
    this.authority.heal()
    for (const process of this.living) if (process.isPaused) process.resume()
  }

  #converge(): void {
    const deadlineMs = this.nowMs + CONVERGES_WITHIN_MS
    const quietMs = this.nowMs + 400
    while (this.nowMs < deadlineMs) {
      this.queue.runUntil(this.nowMs + 50)
      if (this.nowMs >= quietMs) this.isQuiet = true
      if (!this.isQuiet || this.#problem() !== undefined) continue
      this.checker.assertRows(this.living, this.profile.keys)
      return
    }
    this.checker.fail('convergence', this.#problem() ?? '')
  }

  /** What is missing to a whole cluster; undefined when nothing is. */
  #problem(): string | undefined {
    const { view } = this.authority.register
    const { living } = this
    if (living.length < this.nodes.length) return `${living.length} processes live`
    const [first] = living
    for (const process of living) {
      const { replica, uid } = process
      if (!isMemberOf(view, process)) return `${uid} is not in the view of epoch ${view?.epoch}`
      if (replica.view !== view) return `${uid} knows epoch ${replica.view?.epoch} of ${view?.epoch}`
      if (replica.isCutOff) return `${uid} is cut off`
      if (!replica.isAligned || !replica.isReadable) return `${uid} is not aligned`
      if (process.callCount > 0) return `${uid} has ${process.callCount} calls without an answer`
      if (replica.copy.applied !== first?.replica.copy.applied) return `${uid} applied ${replica.copy.applied}`
      if (replica.copy.applied !== replica.copy.log.lastIndex) return `${uid} holds what is not committed`
    }
    return undefined
  }
}

function joinerOf(view: View, before: View | undefined): Member | undefined {
  return view.members.find(({ uid }) => before !== undefined && !isIn(before, uid))
}
