import { atom, type Pid, Tuple, tuple } from '@tiebeam/etf'
import { type ErlInit, freePort, loopback, requirePeer, type Scope, type Skippable, startErl } from '@tiebeam/testing'
import { Node } from '../../src/node.ts'
import type { NodeInit } from '../../src/node-init.ts'
import type { Probe } from './probe.ts'
import { startPuppeteer } from './puppet.ts'

/** Each case is run with both kinds of peer. */
export const peerKinds = ['OTP', 'Tiebeam'] as const
export type PeerKind = (typeof peerKinds)[number]

export const cookie = 'a-secret-cookie'

/** A node that is not the one under test. */
export interface Peer {
  readonly kind: PeerKind
  readonly name: string
  /** Cuts it off without a farewell. */
  kill(): Promise<void>
}

export interface World {
  readonly node: Node
  readonly peer: Peer
  readonly epmdPort: number
}

let addresses = 0

/** A name at a loopback address that no other node of this test file has. */
export function freshName(base: string): string {
  addresses += 1
  return `${base}@${loopback(1 + (addresses % 250))}`
}

/** The node under test, and a peer that can make puppets. Both are stopped when the test ends; undefined when OTP is missing. */
export async function startWorld(
  t: Scope & Skippable,
  kind: PeerKind,
  init: { readonly node?: Partial<NodeInit>; readonly peer?: Partial<NodeInit>; readonly erl?: ErlInit } = {},
): Promise<World | undefined> {
  if (kind === 'OTP' && !requirePeer(t, 'erl')) return undefined
  const epmdPort = await freePort()
  const node = await startNode(t, { name: freshName('subject'), epmd: { port: epmdPort }, ...init.node })
  const peer = await startPeer(t, kind, epmdPort, init)
  return { node, peer, epmdPort }
}

export async function startNode(t: Scope, init: Partial<NodeInit> & { readonly name: string }): Promise<Node> {
  const node = await Node.start({ cookie, ...init })
  t.after(() => node.stop())
  return node
}

export async function startPeer(
  t: Scope,
  kind: PeerKind,
  epmdPort: number,
  init: { readonly peer?: Partial<NodeInit>; readonly erl?: ErlInit } = {},
): Promise<Peer> {
  const name = freshName('peer')
  if (kind === 'OTP') {
    const erl = await startErl(t, { name, cookie, epmd: { port: epmdPort }, ...init.erl })
    await erl.load(new URL('../../../test/peers/puppet.erl', import.meta.url))
    await erl.evaluate('puppet:start()')
    return { kind, name, kill: () => erl.kill() }
  }
  const node = await startNode(t, { name, epmd: { port: epmdPort }, ...init.peer })
  startPuppeteer(node)
  return { kind, name, kill: () => node.stop({ timeoutMs: 0 }) }
}

/** A puppet on a peer: does what it is told, and tells the probe what it receives. */
export class Puppet {
  readonly pid: Pid
  readonly #probe: Probe
  #tag = 0

  static async make(probe: Probe, peer: Peer): Promise<Puppet> {
    probe.send({ name: 'puppeteer', node: peer.name }, tuple(atom('make'), probe.pid))
    const made = await probe.next((message) => message instanceof Tuple && message.at(0) === atom('made'))
    return new Puppet(probe, (made as Tuple).at(1) as Pid)
  }

  private constructor(probe: Probe, pid: Pid) {
    this.#probe = probe
    this.pid = pid
  }

  /** Waits until it is done, and gives its result. */
  async do(command: string, ...values: readonly unknown[]): Promise<unknown> {
    const tag = this.tell(command, ...values)
    const did = await this.#probe.next(
      (message) => message instanceof Tuple && message.at(0) === atom('did') && message.at(1) === tag,
    )
    return (did as Tuple).at(2)
  }

  /** Does not wait. */
  tell(command: string, ...values: readonly unknown[]): number {
    const tag = ++this.#tag
    this.#probe.send(this.pid, tuple(atom('do'), tag, tuple(atom(command), ...values)))
    return tag
  }

  /** The next message that the puppet received. */
  async got(): Promise<unknown> {
    const got = await this.#probe.next(
      (message) => message instanceof Tuple && message.at(0) === atom('got') && this.pid.equals(message.at(1)),
    )
    return (got as Tuple).at(2)
  }
}
