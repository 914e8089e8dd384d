import { atom, Node, type NodeInit, Tuple } from '@tiebeam/distribution'
import { type GlobalNames, Groups } from '@tiebeam/kernel'
import { type From, GenServer, noReply } from '@tiebeam/otp'
import { type Erl, freePort, loopback, type Scope, startElixir, waitFor } from '@tiebeam/testing'
import { Cluster } from '../../src/index.ts'

const cookie = 'a-secret-cookie'

export interface Member {
  readonly node: Node
  readonly groups: Groups
  readonly cluster: Cluster
}

export interface MemberInit extends Partial<NodeInit> {
  readonly names?: GlobalNames
}

/** Nodes that are connected with each other, each with groups and a cluster that discovers nobody. */
export class Site {
  readonly #scope: Scope
  readonly #epmd: { readonly port: number }
  readonly #nodes: Node[] = []

  static async create(scope: Scope): Promise<Site> {
    return new Site(scope, await freePort())
  }

  private constructor(scope: Scope, port: number) {
    this.#scope = scope
    this.#epmd = { port }
  }

  async member({ names, ...init }: MemberInit = {}): Promise<Member> {
    const name = `app${this.#nodes.length}@${loopback(this.#nodes.length + 1)}`
    const services = names === undefined ? [] : [names]
    const node = await Node.start({ name, cookie, epmd: this.#epmd, services, ...init })
    this.#scope.after(() => node.stop())
    const groups = await Groups.start(node, { discoverMs: 100 })
    for (const other of this.#nodes) await node.connect(other.name)
    this.#nodes.push(node)
    const cluster = await Cluster.start(node, { topologies: {}, groups, ...(names !== undefined && { names }) })
    this.#scope.after(() => cluster.stop())
    return { node, groups, cluster }
  }

  /** An Elixir node, connected with all members. */
  async elixir(): Promise<Erl> {
    const elixir = await startElixir(this.#scope, { name: `ex@${loopback(200)}`, cookie, epmd: this.#epmd })
    for (const node of this.#nodes) await node.connect(elixir.name as string)
    return elixir
  }
}

/** Answers with the name of its node, at once or when it is told to, and counts. */
export class Echo extends GenServer {
  readonly seen: unknown[] = []
  readonly waiting: From[] = []
  #name = ''

  override init(join: (echo: Echo, self: Echo['self']) => void): void {
    this.#name = this.self.node.name
    join(this, this.self)
  }

  override handleCall(request: unknown, from: From): unknown {
    this.seen.push(request)
    if (request === atom('later')) {
      this.waiting.push(from)
      return noReply
    }
    if (request === atom('crash')) throw new Error('as it was told')
    if (request === atom('error')) return new Tuple([atom('error'), atom('sold_out')])
    return this.#name
  }

  answer(reply: unknown): void {
    for (const from of this.waiting.splice(0)) this.reply(from, reply)
  }
}

/** A server in the group; the object itself is for the test to look into. */
export async function startEcho({ node, groups }: Member, group: unknown): Promise<Echo> {
  let echo: Echo | undefined
  await Echo.start(node, {
    args: [
      (started, self) => {
        echo = started
        groups.join(group, self.pid)
      },
    ],
  })
  return echo as Echo
}

/** Waits until each of these nodes sees so many members. */
export async function seeMembers(members: readonly Member[], group: unknown, count: number): Promise<void> {
  for (const { groups } of members) await waitFor(() => groups.members(group).length === count)
}
