import {
  createNetwork,
  type Dnsmasq,
  type Host,
  type Network,
  type Scope,
  startDnsmasq,
  startEpmd,
  waitFor,
} from '@tiebeam/testing'
import { ElixirMember } from './elixir-member.ts'
import {
  describe,
  isWhole,
  type Member,
  type MemberInit,
  type MemberKind,
  since,
  type WholeAt,
  wholeAt,
} from './member.ts'
import { TiebeamMember } from './tiebeam-member.ts'

const SERVICE = 'app.ns.svc.cluster.local'
/** Short, so that a silent peer is noticed soon; so long that a busy machine seldom looks like a silent peer. */
export const NET_TICK_TIME_SECONDS = 2
/** Whole for so long counts as whole: nothing is still being drawn from what happened before. */
const STAYS_WHOLE_MS = 300
/** Addresses of hosts that return: 10.77.0.30 to .249. */
const [FIRST_ADDRESS, ADDRESSES] = [30, 220]

/** Each on a host of its own, with a name server on another that lists them all. */
const KINDS: readonly MemberKind[] = Array.from({ length: 10 }, (_, index) =>
  [3, 6, 9].includes(index) ? 'elixir' : 'tiebeam',
)
/** These Tiebeam nodes are never replaced, so that what they hold at the end is what all faults have left. */
export const WITNESSES = 2

export class Mesh {
  readonly network: Network
  readonly members: Member[] = []
  readonly #scope: Scope
  readonly #dns: Dnsmasq
  readonly #globalNames: boolean
  #returns = 0

  /** The hosts, without nodes. */
  static async create(scope: Scope, globalNames: boolean): Promise<Mesh> {
    const names = KINDS.map((_, index) => `host${index + 1}`)
    const network = await createNetwork(scope, { hosts: [...names, 'dns'] })
    const { spawn, ipv4 } = network.host('dns')
    const hosts = names.map((name) => network.host(name))
    const dns = await startDnsmasq(scope, {
      spawn,
      address: ipv4,
      records: { [SERVICE]: hosts.map((host) => host.ipv4) },
    })
    const elixirHosts = hosts.filter((_, index) => KINDS[index] === 'elixir')
    await Promise.all(elixirHosts.map((host) => startEpmd(scope, { spawn: host.spawn })))
    return new Mesh(scope, network, dns, globalNames)
  }

  private constructor(scope: Scope, network: Network, dns: Dnsmasq, globalNames: boolean) {
    this.#scope = scope
    this.network = network
    this.#dns = dns
    this.#globalNames = globalNames
  }

  get tiebeam(): TiebeamMember[] {
    return this.members.filter((member) => member instanceof TiebeamMember)
  }

  /** Starts all nodes at the same time. @returns time from the last one's listening to the full mesh */
  async form(): Promise<WholeAt> {
    const started = await Promise.all(KINDS.map((kind, index) => this.#start(kind, this.#host(index))))
    this.members.push(...started)
    return since(await this.whole(), Math.max(...started.map(({ listeningMs }) => listeningMs)))
  }

  /** Kills all nodes. */
  async end(): Promise<void> {
    await Promise.all(this.members.splice(0).map(({ child }) => child.kill()))
  }

  /** Waits until the mesh is whole, and stays so. @returns when it became so, on the system's clock */
  async whole(): Promise<WholeAt> {
    let sinceMs: number | undefined
    await waitFor(
      () => {
        if (!isWhole(this.members)) sinceMs = undefined
        else sinceMs ??= performance.now()
        return sinceMs !== undefined && performance.now() - sinceMs >= STAYS_WHOLE_MS
      },
      { timeoutMs: 120_000, what: () => `a full mesh:\n${describe(this.members)}` },
    )
    return wholeAt(this.members)
  }

  /**
   * Starts the member at `index`, which has ended, again under another address. @returns from its listening to the full mesh
   */
  async replace(index: number): Promise<WholeAt> {
    const { kind, name, host } = this.members[index] as Member
    await this.noticed(() => this.members.every(({ links }) => !links.has(name)))
    const last = FIRST_ADDRESS + (this.#returns++ % ADDRESSES)
    await host.setAddresses(`10.77.0.${last}`, `fd77::${last.toString(16)}`)
    const [member] = await Promise.all([this.#start(kind, host), this.#publish()])
    this.members[index] = member
    return since(await this.whole(), member.listeningMs)
  }

  noticed(condition: () => boolean): Promise<unknown> {
    return waitFor(condition, { what: () => `the fault to be noticed:\n${describe(this.members)}` })
  }

  /** Whether no link is left between the two sides. */
  areApart(left: readonly Member[], right: readonly Member[]): boolean {
    return left.every((one) => right.every((other) => !one.links.has(other.name) && !other.links.has(one.name)))
  }

  #start(kind: MemberKind, host: Host): Promise<Member> {
    const init: MemberInit = {
      host,
      cookie: 'scenarios',
      netTickTimeSeconds: NET_TICK_TIME_SECONDS,
      service: SERVICE,
      nameServer: this.#dns.address,
      globalNames: this.#globalNames,
    }
    return kind === 'tiebeam' ? TiebeamMember.start(this.#scope, init) : ElixirMember.start(this.#scope, init)
  }

  #publish(): Promise<void> {
    return this.#dns.setRecords({ [SERVICE]: KINDS.map((_, index) => this.#host(index).ipv4) })
  }

  #host(index: number): Host {
    return this.network.hosts[index] as Host
  }
}
