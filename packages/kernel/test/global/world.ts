import { Node, type NodeInit } from '@tiebeam/distribution'
import { type Erl, loopback, type Scope, startEpmd, startErl, waitFor } from '@tiebeam/testing'
import { GlobalNames, type GlobalNamesInit } from '../../src/index.ts'

const cookie = 'global'
let addresses = 0

/** A Tiebeam node and its global names. */
export interface Member {
  readonly node: Node
  readonly names: GlobalNames
}

/** OTP and Tiebeam nodes, each at an address of its own, that find each other by one EPMD. They end with the test. */
export class World {
  readonly #scope: Scope
  readonly #epmd: { readonly port: number }

  static async create(scope: Scope): Promise<World> {
    const epmd = await startEpmd(scope)
    return new World(scope, { port: epmd.port })
  }

  private constructor(scope: Scope, epmd: { readonly port: number }) {
    this.#scope = scope
    this.#epmd = epmd
  }

  /** Of two nodes, the one with the greater base is the greater one. */
  async tiebeam(
    base: string,
    init: { readonly names?: GlobalNamesInit; readonly node?: Partial<NodeInit> } = {},
  ): Promise<Member> {
    const names = new GlobalNames(init.names)
    const name = freshName(base)
    const node = await Node.start({ name, cookie, epmd: this.#epmd, services: [names], ...init.node })
    this.#scope.after(() => node.stop())
    return { node, names }
  }

  otp(base: string, args: readonly string[] = []): Promise<Erl & { readonly name: string }> {
    const init = { name: freshName(base), cookie, epmd: this.#epmd, args }
    return startErl(this.#scope, init) as Promise<Erl & { readonly name: string }>
  }
}

/** Connects an OTP node to another node, and waits until their names are in sync. */
export async function join(erl: Erl, name: string): Promise<void> {
  await waitFor(async () => (await erl.evaluate(`net_kernel:connect_node('${name}')`)) === 'true', {
    what: `${erl.name} to connect to ${name}`,
  })
  await erl.evaluate('global:sync()')
}

/** Waits until all have each other as visible nodes, and the names are in sync everywhere. */
export async function meshed(erls: readonly Erl[], members: readonly Member[]): Promise<void> {
  const all = [...erls.map(({ name }) => name as string), ...members.map(({ node }) => node.name)]
  await waitFor(
    async () => {
      for (const { node, names } of members) {
        const { known, synced } = names.stats()
        const others = all.filter((name) => name !== node.name)
        if (!others.every((name) => known.includes(name) && synced.includes(name))) return false
      }
      for (const erl of erls) {
        const others = all.filter((name) => name !== erl.name).map((name) => `'${name}'`)
        const missing = `[${others.join(',')}] -- gen_server:call(global_name_server, get_known)`
        if ((await erl.evaluate(missing)) !== '[]') return false
      }
      return true
    },
    { what: () => `a mesh of ${all.join(', ')}; it is ${JSON.stringify(members.map(({ names }) => names.stats()))}` },
  )
  for (const erl of erls) await erl.evaluate('global:sync()')
}

function freshName(base: string): string {
  addresses += 1
  return `${base}@${loopback(1 + (addresses % 250))}`
}
