import { setTimeout as sleep } from 'node:timers/promises'
import { createNetwork, type Network, type Scope, startEpmd, waitFor } from '@tiebeam/testing'
import type { FaultMember, MemberKind } from './member.ts'
import type { Fault, Pair } from './plan.ts'
import { startMember } from './start-member.ts'

/** The OTP nodes that are watched: those of a mixed cluster, and the same hosts in a cluster of OTP nodes alone. */
const OTP_HOSTS: readonly number[] = [0, 2, 4]
export const MIXED: readonly MemberKind[] = ['otp', 'tiebeam', 'otp', 'tiebeam', 'otp', 'tiebeam']
export const ALL_OTP: readonly MemberKind[] = ['otp', 'otp', 'otp', 'otp', 'otp', 'otp']

const HOST_NAMES = ['a', 'b', 'c', 'd', 'e', 'f']
/** Generous limits, after which the run fails. */
const NOTICED_MS = 60_000
const WHOLE_MS = 120_000
/** Quiet for so long means that all consequences of a partial cut have been drawn. */
const QUIET_MS = 1_500

export interface FaultRecord {
  readonly fault: Fault
  /** Pairs of OTP nodes that lost each other, and could have kept each other. */
  readonly losses: readonly Pair[]
  /** From the end of the fault until all nodes were connected to all. */
  readonly meshMs: number
  /** How long `global:sync` took on each node then. */
  readonly syncMs: readonly number[]
  /** From then until all nodes had the same names. */
  readonly agreedMs: number
}

interface Loss {
  readonly pair: Pair
  readonly atMs: number
}

/** Six nodes, each on a host of its own. */
export class FaultCluster {
  readonly #scope: Scope
  readonly #network: Network
  readonly #kinds: readonly MemberKind[]
  readonly #netTickTimeSeconds: number
  readonly #members: FaultMember[] = []
  #losses: Loss[] = []
  #lastEventMs = 0
  #faults = 0

  static async create(scope: Scope, kinds: readonly MemberKind[], netTickTimeSeconds: number): Promise<FaultCluster> {
    const network = await createNetwork(scope, { hosts: HOST_NAMES })
    await Promise.all(network.hosts.map((host) => startEpmd(scope, { spawn: host.spawn })))
    const cluster = new FaultCluster(scope, network, kinds, netTickTimeSeconds)
    for (let index = 0; index < kinds.length; index++) await cluster.#start(index)
    await cluster.#makeWhole()
    cluster.#losses = []
    return cluster
  }

  private constructor(scope: Scope, network: Network, kinds: readonly MemberKind[], netTickTimeSeconds: number) {
    this.#scope = scope
    this.#netTickTimeSeconds = netTickTimeSeconds
    this.#network = network
    this.#kinds = kinds
  }

  /** Goes through a fault, and is whole again. Throws when it is not. */
  async run(fault: Fault): Promise<FaultRecord> {
    this.#faults++
    await this.#suffer(fault)
    const whole = await this.#makeWhole()
    const losses = distinct(this.#losses.map(({ pair }) => pair).filter((pair) => !isExcused(pair, fault)))
    this.#losses = []
    return { fault, losses, ...whole }
  }

  async #suffer(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill':
      case 'restart': {
        const member = this.#members[fault.host] as FaultMember
        await (fault.kind === 'kill' ? member.kill() : member.stop())
        const others = this.#members.filter((each) => each !== member)
        await this.#noticed(() => others.every(({ peers }) => !peers.has(member.name)))
        await sleep(fault.pauseMs)
        await this.#start(fault.host)
        return
      }
      case 'bisection': {
        const { left, right } = fault
        await this.#network.partition(left.map(hostName), right.map(hostName))
        await this.#noticed(() => left.every((a) => right.every((b) => !this.#areConnected(a, b))))
        const name = `contested_${this.#faults}`
        const [onLeft, onRight] = [left[0] as number, right[0] as number]
        const registered = await Promise.all([onLeft, onRight].map((index) => this.#member(index).register(name)))
        if (!registered.every((each) => each)) throw new Error(`${name} could not be registered on both sides`)
        await this.#network.heal()
        return
      }
      case 'blink':
        await this.#network.partition(fault.left.map(hostName), fault.right.map(hostName))
        await sleep(fault.holdMs)
        await this.#network.heal()
        // What was lost on the way comes again, and the ticks with it.
        await sleep(this.#netTickTimeSeconds * 1_500)
        return
      case 'partial': {
        const both = fault.pairs.flatMap(([a, b]) => [
          [hostName(a), hostName(b)] as const,
          [hostName(b), hostName(a)] as const,
        ])
        await this.#network.cut(both)
        await this.#noticed(() => fault.pairs.every(([a, b]) => !this.#areConnected(a, b)))
        await waitFor(() => performance.now() - this.#lastEventMs > QUIET_MS, { timeoutMs: NOTICED_MS, what: 'quiet' })
        await this.#network.heal()
        return
      }
    }
  }

  /** Connects all to all, and waits until they are, and have the same names. */
  async #makeWhole(): Promise<Omit<FaultRecord, 'fault' | 'losses'>> {
    const healedMs = performance.now()
    let connectedMs = 0
    await waitFor(
      async () => {
        if (performance.now() - connectedMs > 1_000) {
          connectedMs = performance.now()
          await this.#connectAll()
        }
        return this.#isMesh()
      },
      { timeoutMs: WHOLE_MS, intervalMs: 20, what: () => `a mesh:\n${this.#describe()}` },
    )
    const meshMs = performance.now() - healedMs
    const syncMs = await Promise.all(this.#members.map(syncTime))
    const syncedMs = performance.now()
    let tables: ReadonlyMap<string, string>[] = []
    await waitFor(
      async () => {
        tables = await Promise.all(this.#members.map((member) => member.table()))
        return this.#agree(tables)
      },
      {
        timeoutMs: WHOLE_MS,
        intervalMs: 50,
        what: () => `the same names everywhere:\n${describeTables(tables)}\n${this.#describe()}`,
      },
    )
    if (!this.#isMesh()) throw new Error(`the mesh did not last:\n${this.#describe()}`)
    return { meshMs, syncMs, agreedMs: performance.now() - syncedMs }
  }

  async #connectAll(): Promise<void> {
    const names = this.#members.map(({ name }) => name)
    await Promise.all(
      this.#members.map((member) => {
        const missing = names.filter((name) => name !== member.name && !member.peers.has(name))
        return missing.length === 0 ? undefined : member.connect(missing)
      }),
    )
  }

  #agree(tables: readonly ReadonlyMap<string, string>[]): boolean {
    const [first, ...others] = tables.map((table) => JSON.stringify([...table].sort()))
    const names = this.#members.map((_, index) => ownName(index))
    return others.every((each) => each === first) && names.every((name) => tables[0]?.has(name))
  }

  async #start(index: number): Promise<void> {
    const host = this.#network.host(hostName(index))
    const kind = this.#kinds[index] as MemberKind
    const member = await startMember(this.#scope, {
      host,
      kind,
      cookie: 'faults',
      netTickTimeSeconds: this.#netTickTimeSeconds,
      onEvent: ({ type, peer }) => this.#note(index, type, peer),
    })
    this.#members[index] = member
    if (!(await member.register(ownName(index)))) throw new Error(`${member.name} could not register its own name`)
  }

  #note(index: number, type: 'up' | 'down', peer: string): void {
    this.#lastEventMs = performance.now()
    const other = HOST_NAMES.indexOf(peer.slice(0, peer.indexOf('@')))
    if (type === 'up' || !OTP_HOSTS.includes(index) || !OTP_HOSTS.includes(other)) return
    this.#losses.push({ pair: index < other ? [index, other] : [other, index], atMs: this.#lastEventMs })
  }

  #noticed(condition: () => boolean): Promise<unknown> {
    return waitFor(condition, { timeoutMs: NOTICED_MS, what: () => `the fault to be noticed:\n${this.#describe()}` })
  }

  #isMesh(): boolean {
    return this.#members.every(({ peers }) => peers.size === this.#members.length - 1)
  }

  #areConnected(a: number, b: number): boolean {
    const [one, other] = [this.#member(a), this.#member(b)]
    return one.peers.has(other.name) || other.peers.has(one.name)
  }

  #member(index: number): FaultMember {
    return this.#members[index] as FaultMember
  }

  #describe(): string {
    return this.#members
      .map(({ name, kind, peers, output }) => `${name} (${kind}) has ${[...peers].join(', ')}\n${output.slice(-6_000)}`)
      .join('\n')
  }
}

function hostName(index: number): string {
  return HOST_NAMES[index] as string
}

function ownName(index: number): string {
  return `of_${hostName(index)}`
}

async function syncTime(member: FaultMember): Promise<number> {
  const startMs = performance.now()
  await member.sync()
  return performance.now() - startMs
}

/** Whether two nodes cannot help losing each other in this fault. */
function isExcused([a, b]: Pair, fault: Fault): boolean {
  switch (fault.kind) {
    case 'kill':
    case 'restart':
      return a === fault.host || b === fault.host
    case 'bisection':
      return fault.left.includes(a) !== fault.left.includes(b)
    case 'blink':
      return false
    case 'partial':
      return fault.pairs.some(([one, other]) => one === a && other === b)
  }
}

function distinct(pairs: readonly Pair[]): Pair[] {
  return [...new Map(pairs.map((pair) => [pair.join(), pair])).values()]
}

function describeTables(tables: readonly ReadonlyMap<string, string>[]): string {
  return tables.map((table, index) => `${hostName(index)}: ${JSON.stringify([...table].sort())}`).join('\n')
}
