import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { Node } from '@tiebeam/distribution'
import { freePort, loopback, RecordingLogger, requirePeer, startEpmd, waitFor } from '@tiebeam/testing'
import { Cluster, Gossip, type GossipInit, type Strategy } from '../../src/index.ts'
import { encryptHeartbeat, gossipKey, writeHeartbeat } from '../../src/strategies/gossip-packet.ts'
import { testStrategy } from '../strategy-compliance.ts'
import { startGossipPeer } from './gossip-peer.ts'

const self = 'app@10.0.0.1'
const group = { multicastAddr: '233.252.1.32', multicastIf: '127.0.0.1' }

function observe(t: TestContext, strategy: Strategy) {
  assert.ok(strategy.type === 'pushed')
  const logger = new RecordingLogger()
  const observed = { names: [] as readonly string[], failures: [] as unknown[], logger }
  const sink = {
    listed: (names: readonly string[]) => {
      observed.names = names
    },
    failed: (error: unknown) => void observed.failures.push(error),
  }
  const subscription = strategy.watch({ self, localAddresses: () => [], logger }, sink)
  t.after(() => subscription.stop())
  return observed
}

/** Sends to one port of loopback, from one of its own. */
async function sender(t: TestContext, port: number) {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  return (packet: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      socket.send(packet, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)))
    })
}

testStrategy('Gossip', async (t) => {
  if (!requirePeer(t, 'elixir', 'erl', 'loopback')) return undefined
  const port = await freePort()
  const names = ['app@10.0.0.2', 'app@10.0.0.3', 'other@host.example']
  const peer = await startGossipPeer(t, { port, address: group.multicastAddr })
  await peer.tellOf(names)
  return {
    strategy: new Gossip({ ...group, port, heartbeatMs: 20, expireMs: 500 }),
    self,
    names,
    change: async (to) => void (await peer.tellOf(to)),
    fail: undefined,
  }
})

const ways: Record<string, { address: string; broadcast: boolean; secret?: string; init: GossipInit }> = {
  'by multicast': { address: group.multicastAddr, broadcast: false, init: group },
  'by multicast with a secret': {
    address: group.multicastAddr,
    broadcast: false,
    secret: 'grüße',
    init: { ...group, secret: 'grüße' },
  },
  'by broadcast with a secret': {
    address: '127.255.255.255',
    broadcast: true,
    secret: 'hush',
    init: { broadcastOnly: true, multicastAddr: '127.255.255.255', secret: 'hush' },
  },
}

for (const [way, { init, ...peerInit }] of Object.entries(ways)) {
  test(`a node with libcluster's gossip hears us, and we hear it, ${way}`, async (t) => {
    if (!requirePeer(t, 'elixir', 'erl', 'loopback')) return
    const port = await freePort()
    const peer = await startGossipPeer(t, { ...peerInit, port })
    await peer.tellOf(['ex@10.0.0.9'])
    const observed = observe(t, new Gossip({ ...init, port, heartbeatMs: 50 }))
    await waitFor(() => observed.names.length > 0)
    assert.deepEqual(observed.names, ['ex@10.0.0.9'])
    const everyone = '[:"app@10.0.0.1", :"ex@10.0.0.9"]'
    await waitFor(async () => (await peer.heard()) === everyone)
  })
}

test('an Elixir node and two of ours become a cluster by heartbeats alone', async (t) => {
  if (!requirePeer(t, 'elixir', 'erl', 'epmd', 'loopback')) return
  const cookie = 'gossip'
  const port = await freePort()
  const epmd = await startEpmd(t)
  const nodes: Node[] = []
  for (const name of [`one@${loopback(1)}`, `two@${loopback(2)}`]) {
    const node = await Node.start({ name, cookie, epmd })
    t.after(() => node.stop())
    nodes.push(node)
    const strategy = new Gossip({ ...group, port, secret: 'hush', heartbeatMs: 100 })
    const cluster = await Cluster.start(node, { topologies: { gossip: strategy } })
    t.after(() => cluster.stop())
  }
  const name = `ex@${loopback(3)}`
  await startGossipPeer(t, {
    port,
    address: group.multicastAddr,
    secret: 'hush',
    erl: { name, cookie, epmd },
  })
  await waitFor(() => nodes.every((node) => node.nodes('connected').length === 2))
  assert.ok(nodes.every((node) => node.nodes('connected').includes(name)))
})

test('what is no heartbeat of ours is ignored, with one line for each kind, and the rest is heard', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const port = await freePort()
  const observed = observe(t, new Gossip({ ...group, port, secret: 'hush', heartbeatMs: 60_000, namesMax: 2 }))
  const send = await sender(t, port)
  const key = gossipKey('hush')
  const vector = Buffer.alloc(16, 7)
  const encrypted = (packet: Uint8Array) => encryptHeartbeat(packet, key, vector)
  const others = [
    Buffer.alloc(0),
    Buffer.from('hello'),
    Buffer.alloc(60_000, 1),
    writeHeartbeat('plain@10.0.0.2'),
    encryptHeartbeat(writeHeartbeat('stranger@10.0.0.2'), gossipKey('other'), vector),
    encrypted(Buffer.from('heartbeat::')),
    encrypted(Buffer.from('heartbeat::\x83\x64', 'latin1')),
    encrypted(writeHeartbeat('no node name')),
  ]
  for (let round = 0; round < 3; round += 1) for (const packet of others) await send(packet)
  for (const index of [2, 3, 4, 5]) await send(encrypted(writeHeartbeat(`app@10.0.0.${index}`)))
  await send(encrypted(writeHeartbeat(self)))
  await waitFor(() => observed.logger.matching(/namesMax/).length > 0)
  assert.deepEqual(observed.names, ['app@10.0.0.2', 'app@10.0.0.3'])
  assert.equal(observed.logger.matching(/no heartbeat to us\. Has it our secret\?/).length, 1)
  assert.equal(observed.logger.matching(/without the name of a node/).length, 1)
  assert.equal(observed.logger.lines.length, 3)
})

test('a port that is taken is a failure that says so, and is tried again', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const port = await freePort()
  const selfish = createSocket('udp4')
  selfish.bind(port, '0.0.0.0')
  await once(selfish, 'listening')
  const observed = observe(t, new Gossip({ ...group, port, heartbeatMs: 50 }))
  await waitFor(() => observed.failures.length > 0)
  assert.match(String(observed.failures[0]), new RegExp(`Cannot gossip at 0.0.0.0:${port} .*EADDRINUSE`))
  selfish.close()
  const send = await sender(t, port)
  await waitFor(async () => {
    await send(writeHeartbeat('app@10.0.0.2')).catch(() => {})
    return observed.names.length > 0
  })
  assert.deepEqual(observed.names, ['app@10.0.0.2'])
})

test('an address that is not of this host is a failure, and no exception', async (t) => {
  const strategy = new Gossip({ ...group, port: await freePort(), multicastIf: '192.0.2.77' })
  const observed = observe(t, strategy)
  await waitFor(() => observed.failures.length > 0)
  assert.match(String(observed.failures[0]), /Cannot gossip .*multicast group 233.252.1.32/)
})

test('wrong options are refused with a message that names them, and does not show the secret', () => {
  const cases: [object, RegExp][] = [
    [{ port: 0 }, /port is 0/],
    [{ ifAddr: 'eth0' }, /ifAddr is "eth0"/],
    [{ multicastAddr: '::1' }, /multicastAddr/],
    [{ multicastAddr: '10.0.0.255' }, /multicastAddr .*unless broadcastOnly/],
    [{ multicastIf: 'lo' }, /multicastIf/],
    [{ multicastTtl: 256 }, /multicastTtl/],
    [{ broadcastOnly: 'yes' }, /broadcastOnly/],
    [{ secret: '' }, /secret is "string"/],
    [{ secret: ['hush'] }, /secret is "object"/],
    [{ heartbeatMs: 0 }, /heartbeatMs/],
    [{ expireMs: -1 }, /expireMs/],
    [{ namesMax: 0 }, /namesMax/],
  ]
  for (const [wrong, message] of cases) {
    assert.throws(() => new Gossip(wrong as GossipInit), { code: 'OPTION_INVALID', message })
  }
})
