/** What a cluster meets that is not of its kind. Each has its message, once, and everybody else is connected all the same. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Node, type NodeInit } from '@tiebeam/distribution'
import { freePort, loopback, RecordingLogger, requirePeer, startDnsmasq, waitFor } from '@tiebeam/testing'
import { Cluster, Epmd, KubernetesDns } from '../src/index.ts'

const cookie = 'a-secret-cookie'

async function startNode(t: TestContext, name: string, init: Partial<NodeInit>): Promise<Node> {
  const node = await Node.start({ name, cookie, ...init })
  t.after(() => node.stop())
  return node
}

async function listen(t: TestContext, server: Server, port: number, address: string): Promise<void> {
  server.listen(port, address)
  await once(server, 'listening')
  t.after(() => server.close())
}

async function form(t: TestContext, node: Node, hosts: readonly string[]) {
  const logger = new RecordingLogger()
  const topologies = { main: new Epmd({ hosts }) }
  const cluster = await Cluster.start(node, { topologies, logger, reportAfterMs: 200, refusedMs: 20, refusedMsMax: 50 })
  t.after(() => cluster.stop())
  /** Waits until this peer is known to be missing for this reason, and gives the message. */
  const failureOf = (name: string, code: string): Promise<string> =>
    waitFor(
      () => {
        const { missing = [] } = cluster.status().topologies.main ?? {}
        const failure = missing.find((peer) => peer.name === name)?.failure
        return failure?.code === code ? failure.message : undefined
      },
      { what: () => `${code} of ${name}: ${JSON.stringify(cluster.status())}` },
    )
  return { cluster, logger, failureOf }
}

test('a list with strangers: each is told once, and the member among them is connected', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const epmd = { port: await freePort() }
  const [http, silent, nobody, other] = [11, 12, 13, 14].map((index) => loopback(index)) as [
    string,
    string,
    string,
    string,
  ]
  await listen(
    t,
    createHttpServer((_request, response) => response.end('hello')),
    epmd.port,
    http,
  )
  await listen(
    t,
    createServer(() => {}),
    epmd.port,
    silent,
  )
  const node = await startNode(t, `app@${loopback(1)}`, { epmd, handshakeMs: 2000 })
  const member = await startNode(t, `member@${loopback(2)}`, { epmd })
  // It is up, and its EPMD knows it, as another application.
  await startNode(t, `shop@${other}`, { epmd })
  const { logger, failureOf } = await form(t, node, [
    member.name,
    ...[http, silent, nobody, other].map((host) => `web@${host}`),
  ])
  await waitFor(() => node.nodes().includes(member.name))
  assert.match(await failureOf(`web@${http}`, 'EPMD_PROTOCOL'), /Does something else use that port\?/)
  assert.match(await failureOf(`web@${silent}`, 'CONNECT_TIMEOUT'), /could not be reached within 2000 ms/)
  for (const host of [nobody, other]) {
    assert.match(await failureOf(`web@${host}`, 'EPMD_NODE_UNKNOWN'), /web/)
  }
  // The member is too, if it takes its time.
  const told = () => logger.matching(/web@\S+ is listed but has been out of reach/)
  await waitFor(() => told().length === 4)
  // Some more attempts, and no more lines.
  await sleep(500)
  assert.equal(told().length, 4)
  assert.deepEqual(node.nodes(), [member.name])
})

test('at the address of a node of another application nobody joins, and the name that is there is told', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const port = await freePort()
  const node = await startNode(t, `app@${loopback(1)}`, { epmd: false, port })
  await startNode(t, `shop@${loopback(2)}`, { epmd: false, port })
  const listed = `app@${loopback(2)}`
  const { logger, failureOf } = await form(t, node, [listed])
  assert.match(await failureOf(listed, 'PEER_NAME_MISMATCH'), /a node that calls itself "shop@/)
  await sleep(200)
  assert.equal(logger.matching(/cannot join; trying on, slowly/).length, 1)
  assert.deepEqual(node.nodes('connected'), [])
})

test('a peer with another cookie is told once, without either cookie, and the member beside it is connected', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const epmd = { port: await freePort() }
  const node = await startNode(t, `app@${loopback(1)}`, { epmd })
  const member = await startNode(t, `member@${loopback(2)}`, { epmd })
  const stranger = await startNode(t, `stranger@${loopback(3)}`, { epmd, cookie: 'another-cookie' })
  const { logger, failureOf } = await form(t, node, [member.name, stranger.name])
  const message = await failureOf(stranger.name, 'COOKIE_MISMATCH')
  assert.match(message, /Give both nodes the same cookie/)
  await waitFor(() => node.nodes().includes(member.name))
  await sleep(200)
  assert.equal(logger.matching(/cannot join/).length, 1)
  for (const text of [message, ...logger.matching(/./)]) assert.doesNotMatch(text, /a-secret|another-cookie/)
  assert.deepEqual(node.nodes(), [member.name])
})

test('a name that another node has is refused at the start, with what to do', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const epmd = { port: await freePort() }
  const first = await startNode(t, `app@${loopback(1)}`, { epmd })
  const peer = await startNode(t, `peer@${loopback(2)}`, { epmd })
  await peer.connect(first.name)
  for (const host of [loopback(1), loopback(3)]) {
    await assert.rejects(Node.start({ name: `app@${host}`, cookie, epmd }), {
      code: 'EPMD_NAME_TAKEN',
      message: /the name is most likely taken.*Choose another name before the @/,
    })
  }
  assert.deepEqual(first.nodes(), [peer.name])
})

test('of two nodes that claim one name on two hosts, a third is connected with the one that it reached first', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const [one, two] = [await freePort(), await freePort()]
  const name = `app@${loopback(1)}`
  const first = await startNode(t, name, { epmd: { port: one } })
  const node = await startNode(t, `node@${loopback(2)}`, { epmd: { port: one } })
  await node.connect(name)
  // An EPMD of its own, as on another host; it listens elsewhere, and knows the way to the third node.
  const clash = await startNode(t, name, { epmd: { port: two }, listen: { address: loopback(3) } })
  const { cluster } = await form(t, clash, [node.name])
  await sleep(300)
  assert.deepEqual(cluster.status().topologies.main?.connected, [])
  assert.deepEqual(node.nodes(), [name])
  assert.deepEqual(first.nodes(), [node.name])
})

test('an address that is none of this machine stops the start, and says so', async () => {
  const start = Node.start({ name: 'app@192.0.2.77', cookie, epmd: false, port: await freePort() })
  await assert.rejects(start, { code: 'LISTEN_FAILED', message: /this host has no such address\. Name the node after/ })
})

test('a service that does not resolve, or not yet, is told in the status, and found when it is there', async (t) => {
  if (!requirePeer(t, 'dnsmasq', 'loopback')) return
  const service = 'app.ns.svc.cluster.local'
  const dns = await startDnsmasq(t)
  const port = await freePort()
  const node = await startNode(t, `app@${loopback(1)}`, { epmd: false, port })
  const peer = await startNode(t, `app@${loopback(2)}`, { epmd: false, port })
  const logger = new RecordingLogger()
  const resolver = { address: dns.address, port: dns.port }
  const strategy = new KubernetesDns({ service, applicationName: 'app', resolver, timeoutMs: 2000 })
  const cluster = await Cluster.start(node, { topologies: { main: strategy }, logger, lookupMs: 60_000 })
  t.after(() => cluster.stop())
  await waitFor(() => cluster.status().topologies.main?.lookingUp === false)
  assert.deepEqual(cluster.status().topologies.main?.listed, [])
  dns.suspend()
  const failure = await waitFor(() => cluster.status().topologies.main?.lastFailure)
  assert.equal(failure.code, 'LOOKUP_TIMEOUT')
  assert.match(failure.message, /No answer to the question for A records of app\.ns\.svc\.cluster\.local/)
  await waitFor(() => logger.matching(/discovery fails/).length > 0)
  dns.resume()
  await dns.setRecords({ [service]: [loopback(1), loopback(2)] })
  await waitFor(() => node.nodes().includes(peer.name))
  assert.equal(logger.matching(/discovery fails/).length, 1)
})
