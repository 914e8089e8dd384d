import { Node, type NodeInit, type Pid } from '@tiebeam/distribution'
import { type Erl, freePort, loopback, type Scope, startElixir, startErl } from '@tiebeam/testing'
import { Groups, type GroupsInit } from '../../src/index.ts'

const cookie = 'a-secret-cookie'

/** Nodes of both kinds that share an EPMD, and end with the test. */
export class Site {
  readonly #scope: Scope
  readonly #epmd: { readonly port: number }
  #hosts = 0

  static async create(scope: Scope): Promise<Site> {
    return new Site(scope, await freePort())
  }

  private constructor(scope: Scope, port: number) {
    this.#scope = scope
    this.#epmd = { port }
  }

  async node(base: string, init: Partial<NodeInit> = {}): Promise<Node> {
    const node = await Node.start({ name: this.#name(base), cookie, epmd: this.#epmd, ...init })
    this.#scope.after(() => node.stop())
    return node
  }

  erl(base: string): Promise<Erl> {
    return startErl(this.#scope, { name: this.#name(base), cookie, epmd: this.#epmd })
  }

  elixir(base: string): Promise<Erl> {
    return startElixir(this.#scope, { name: this.#name(base), cookie, epmd: this.#epmd })
  }

  async groups(node: Node, init: GroupsInit = {}): Promise<Groups> {
    const groups = await Groups.start(node, init)
    this.#scope.after(() => groups.stop())
    return groups
  }

  #name(base: string): string {
    this.#hosts += 1
    return `${base}@${loopback(this.#hosts)}`
  }
}

/** A process that lives until it is told anything. */
export function spawnMember(node: Node): Pid {
  return node.spawn((self) => self.receive())
}

/** The members by their nodes, as `name×2` where there are two, in order. */
export function byNode(pids: readonly Pid[]): string[] {
  const counts = new Map<string, number>()
  for (const { node } of pids) counts.set(node, (counts.get(node) ?? 0) + 1)
  return [...counts].map(([node, count]) => `${node.slice(0, node.indexOf('@'))}×${count}`).sort()
}
