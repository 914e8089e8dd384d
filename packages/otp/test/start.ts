import { Node, type NodeInit, type Process } from '@tiebeam/distribution'
import { type Erl, freePort, loopback, type Scope, startElixir, startErl } from '@tiebeam/testing'

export const cookie = 'a-secret-cookie'

let addresses = 0

/** A name at a loopback address that no other node of this test file has. */
export function freshName(base: string): string {
  addresses += 1
  return `${base}@${loopback(1 + (addresses % 250))}`
}

/** A node without peers. */
export async function startAlone(t: Scope, init: Partial<NodeInit> = {}): Promise<Node> {
  const node = await Node.start({ name: freshName('alone'), cookie, epmd: false, port: await freePort(), ...init })
  t.after(() => node.stop())
  return node
}

/** Two nodes that reach each other. */
export async function startPair(t: Scope, init: Partial<NodeInit> = {}): Promise<{ node: Node; peer: Node }> {
  const port = await freePort()
  const node = await startAlone(t, { port, ...init })
  return { node, peer: await startAlone(t, { port, ...init }) }
}

/** A node, and an Erlang or Elixir node that reaches it. */
export async function startWithPeer(
  t: Scope,
  kind: 'erl' | 'elixir' = 'erl',
  init: Partial<NodeInit> = {},
): Promise<{ node: Node; erl: Erl; peer: string }> {
  const epmd = { port: await freePort() }
  const node = await Node.start({ name: freshName('subject'), cookie, epmd, ...init })
  t.after(() => node.stop())
  const erl = await (kind === 'erl' ? startErl : startElixir)(t, { name: freshName('otp'), cookie, epmd })
  return { node, erl, peer: erl.name as string }
}

/** A process that does nothing, lent to the test until it ends. */
export function startProcess(node: Node, init: { readonly trapExit?: boolean } = {}): Promise<Lent> {
  return new Promise((resolve) => {
    node.spawn((self) => new Promise<void>((end) => resolve({ self, end })), init)
  })
}

export interface Lent {
  readonly self: Process
  /** Ends the process normally. */
  readonly end: () => void
}
