/** Gossip between hosts of their own: two nodes of ours and one of Elixir, which know nothing of each other. */
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Child, createNetwork, type Host, requirePeer, startEpmd, waitFor } from '@tiebeam/testing'
import type { GossipInit } from '../../src/index.ts'
import { startGossipPeer } from '../gossip/gossip-peer.ts'

const program = fileURLToPath(new URL('./gossip-member.js', import.meta.url))
const port = 45_892
const ways: Record<string, { readonly address: string; readonly init: (host: Host) => GossipInit }> = {
  multicast: { address: '233.252.1.32', init: ({ ipv4 }) => ({ multicastIf: ipv4 }) },
  broadcast: { address: '10.77.0.255', init: () => ({ broadcastOnly: true, multicastAddr: '10.77.0.255' }) },
}

for (const [way, { address, init }] of Object.entries(ways)) {
  test(`nodes on three hosts, one of them of Elixir, become a mesh by ${way} alone, and are it again after a crash`, async (t) => {
    if (!requirePeer(t, 'root', 'ip', 'nft', 'nsenter', 'unshare', 'elixir', 'epmd')) return
    const network = await createNetwork(t, { hosts: ['one', 'two', 'ex'] })
    const [one, two, ex] = network.hosts as [Host, Host, Host]
    const start = (host: Host): Child => {
      const gossip = { ...init(host), secret: 'hush', heartbeatMs: 200 }
      const args = ['--enable-source-maps', program, JSON.stringify({ name: nameOf(host), gossip })]
      return new Child(t, host.spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] }), nameOf(host))
    }
    const epmd = await startEpmd(t, { spawn: ex.spawn })
    const erl = { name: nameOf(ex), cookie: 'gossip', epmd, spawn: ex.spawn }
    const gossip = { port, address, broadcast: way === 'broadcast', interface: ex.ipv4, secret: 'hush' }
    const { elixir } = await startGossipPeer(t, { ...gossip, erl })
    const first = start(one)
    const second = start(two)
    await first.waitForOutput(peersOf(two, ex))
    await second.waitForOutput(peersOf(one, ex))
    const seenByElixir = 'Node.list(:connected) |> Enum.sort() |> Enum.join(" ")'
    const all = `"${nameOf(one)} ${nameOf(two)}"`
    await waitFor(async () => (await elixir.evaluateElixir(seenByElixir)) === all)

    await two.crash()
    await first.waitForOutput(peersOf(ex))
    await start(two).waitForOutput(peersOf(one, ex))
    await waitFor(async () => (await elixir.evaluateElixir(seenByElixir)) === all)
  })
}

function nameOf({ name, ipv4 }: Host): string {
  return `${name}@${ipv4}`
}

function peersOf(...hosts: readonly Host[]): RegExp {
  const names = hosts.map(nameOf).sort().join(' ')
  return new RegExp(`peers: ${names.replaceAll('.', '\\.')}\\.`)
}
