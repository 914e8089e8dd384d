import { readFile } from 'node:fs/promises'
import { type ErlInit, type Scope, startElixir } from '@tiebeam/testing'

export interface GossipPeerInit {
  /** The node that is to gossip. Default: one without a name, for tests that tell it what to say. */
  readonly erl?: ErlInit
  readonly port: number
  readonly address: string
  readonly broadcast?: boolean
  /** Address of the interface for multicast. Default: that of loopback. */
  readonly interface?: string
  readonly secret?: string
}

// From dist/test/gossip.
const source = new URL('../../../test/gossip/gossip_peer.exs', import.meta.url)

/** An Elixir node that gossips as libcluster does. */
export async function startGossipPeer(scope: Scope, init: GossipPeerInit) {
  const { port, address, broadcast = false, secret } = init
  const elixir = await startElixir(scope, init.erl)
  await elixir.evaluateElixir(`${await readFile(source, 'utf8')}; :ok`)
  const on = init.interface ?? '127.0.0.1'
  const options = `port: ${port}, address: "${address}", broadcast: ${broadcast}, interface: "${on}"`
  await elixir.evaluateElixir(
    `GossipPeer.start(${options}, secret: ${secret === undefined ? 'nil' : JSON.stringify(secret)})`,
  )
  return {
    elixir,
    tellOf: (names: readonly string[]) =>
      elixir.evaluateElixir(`GossipPeer.tell_of([${names.map((name) => `:"${name}"`).join()}])`),
    heard: () => elixir.evaluateElixir('GossipPeer.heard()'),
  }
}
