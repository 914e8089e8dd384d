import { Node, type NodeInit } from '@tiebeam/distribution'
import { type Erl, loopback, type Scope, startElixir, startEpmd, startErl } from '@tiebeam/testing'
import type { RpcInit } from '../../src/index.ts'
import { Rpc } from '../../src/index.ts'

const cookie = 'a-secret-cookie'

/** A Tiebeam node with its Rpc, and OTP nodes, which all know the same EPMD. */
export class World {
  readonly #scope: Scope
  readonly #epmd: { port: number }
  #addresses = 0

  static async start(scope: Scope): Promise<World> {
    return new World(scope, await startEpmd(scope))
  }

  private constructor(scope: Scope, epmd: { port: number }) {
    this.#scope = scope
    this.#epmd = epmd
  }

  name(base: string): string {
    this.#addresses += 1
    return `${base}${this.#addresses}@${loopback(this.#addresses)}`
  }

  async tiebeam(init: RpcInit = {}, nodeInit: Partial<NodeInit> = {}): Promise<{ node: Node; rpc: Rpc }> {
    const node = await Node.start({ name: this.name('tie'), cookie, epmd: this.#epmd, ...nodeInit })
    this.#scope.after(() => node.stop())
    return { node, rpc: await Rpc.start(node, init) }
  }

  erl(): Promise<Erl & { readonly name: string }> {
    return startErl(this.#scope, { name: this.name('otp'), cookie, epmd: this.#epmd }) as Promise<
      Erl & { readonly name: string }
    >
  }

  elixir(): Promise<Erl & { readonly name: string }> {
    return startElixir(this.#scope, { name: this.name('ex'), cookie, epmd: this.#epmd }) as Promise<
      Erl & { readonly name: string }
    >
  }
}
