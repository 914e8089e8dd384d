/** Our EPMD client with OTP's EPMD, and OTP's clients with our EPMD. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { freePort, loopback, requirePeer, type Scope, startEpmd, startErl, waitFor } from '@tiebeam/testing'
import { epmdNode } from '../../src/epmd/codec.ts'
import { EpmdRegistry } from '../../src/epmd/registry.ts'
import { listNodes, lookupNode, registerNode } from '../../src/epmd/shell/client.ts'
import { type EpmdEvent, EpmdPresence } from '../../src/epmd/shell/presence.ts'
import { serveEpmd } from '../../src/epmd/shell/server.ts'
import { DistributionError, type DistributionErrorCode } from '../../src/index.ts'

const address = '127.0.0.1'

function isCode(code: DistributionErrorCode) {
  return (error: unknown) => error instanceof DistributionError && error.code === code
}

async function serve(t: Scope): Promise<number> {
  const registry = new EpmdRegistry({ creation: 1000 })
  const server = await serveEpmd({ registry, address, port: await freePort() })
  t.after(() => server.close())
  return server.port
}

/** `epmd -names`, as an operator calls it. */
async function epmdNames(port: number): Promise<string> {
  const { stdout } = await promisify(execFile)('epmd', ['-port', String(port), '-names'], {
    env: { PATH: process.env.PATH ?? '' },
  })
  return stdout
}

async function presence(
  t: Scope,
  name: string,
  own: string,
  epmdPort: number,
  init: { serve?: boolean; retryMs?: number } = {},
) {
  const events: EpmdEvent[] = []
  const started = await EpmdPresence.start({
    name,
    nodePort: 40_000,
    address: own,
    epmdPort,
    creation: 5000,
    retryMs: 50,
    onEvent: (event) => events.push(event),
    ...init,
  })
  t.after(() => started.stop())
  return Object.assign(started, { events })
}

test('we register with the real EPMD, are found in it, and go', async (t) => {
  if (!requirePeer(t, 'epmd')) return
  const { port } = await startEpmd(t)
  const registration = await registerNode(epmdNode('web', 40_000), { address, port })
  assert.ok(registration.creation > 0)
  assert.deepEqual(await lookupNode('web', { address, port }), epmdNode('web', 40_000))
  assert.deepEqual(await listNodes({ address, port }), [{ name: 'web', port: 40_000 }])
  await assert.rejects(registerNode(epmdNode('web', 1), { address, port }), isCode('EPMD_NAME_TAKEN'))
  await assert.rejects(lookupNode('db', { address, port }), isCode('EPMD_NODE_UNKNOWN'))
  await registration.close()
  await waitFor(async () => (await listNodes({ address, port })).length === 0)
})

test('we find a real erl in the real EPMD', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const { port } = await startEpmd(t)
  await startErl(t, { name: 'otp@127.0.0.1', epmd: { port } })
  const node = await lookupNode('otp', { address, port })
  assert.deepEqual([node.name, node.highestVersion >= 6], ['otp', true])
})

test('an end of the real EPMD ends the registration', async (t) => {
  if (!requirePeer(t, 'epmd')) return
  const epmd = await startEpmd(t)
  const registration = await registerNode(epmdNode('web', 40_000), { address, port: epmd.port })
  await epmd.stop()
  await registration.closed
  await assert.rejects(lookupNode('web', { address, port: epmd.port }), isCode('EPMD_UNREACHABLE'))
})

test('real erl nodes register with our EPMD and find each other through it', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const port = await serve(t)
  const a = await startErl(t, { name: 'a@127.0.0.1', epmd: { port } })
  await startErl(t, { name: 'b@127.0.0.1', epmd: { port } })
  assert.equal(await a.evaluate("net_adm:ping('b@127.0.0.1')"), 'pong')
  assert.match(await a.evaluate('lists:sort(element(2, net_adm:names("127.0.0.1")))'), /^\[\{"a",\d+\},\{"b",\d+\}\]$/)
  assert.deepEqual(
    (await listNodes({ address, port })).map((node) => node.name),
    ['a', 'b'],
  )
  await a.kill()
  await waitFor(async () => (await listNodes({ address, port })).length === 1)
})

test('epmd -names reads our EPMD', async (t) => {
  if (!requirePeer(t, 'epmd')) return
  const port = await serve(t)
  const registration = await registerNode(epmdNode('web', 40_000), { address, port })
  assert.equal(await epmdNames(port), `epmd: up and running on port ${port} with data:\nname web at port 40000\n`)
  await registration.close()
})

test('our EPMD can be killed by nobody', async (t) => {
  if (!requirePeer(t, 'epmd')) return
  const port = await serve(t)
  const registration = await registerNode(epmdNode('web', 40_000), { address, port })
  for (const command of ['-kill', '-stop']) {
    const args = ['-port', String(port), command, ...(command === '-stop' ? ['web'] : [])]
    await promisify(execFile)('epmd', args).catch(() => {})
  }
  assert.deepEqual(await lookupNode('web', { address, port }), epmdNode('web', 40_000))
  await registration.close()
})

test('garbage, silence and long requests cost their own connection only', async (t) => {
  const registry = new EpmdRegistry({ creation: 1000 })
  const server = await serveEpmd({ registry, address, port: 0, idleMs: 200, connectionsMax: 3 })
  t.after(() => server.close())
  const where = { address, port: server.port }
  for (const bytes of [
    Buffer.of(0xff, 0xff, 0),
    Buffer.of(0, 0),
    Buffer.of(0, 3, 120, 0, 0),
    Buffer.of(0, 9),
    Buffer.alloc(0),
  ]) {
    const socket = connect(server.port, address)
    socket.on('error', () => {})
    socket.write(bytes)
    await once(socket.resume(), 'close')
  }
  const idle = [1, 2, 3].map(() => connect(server.port, address).on('error', () => {}))
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  const fourth = connect(server.port, address).on('error', () => {})
  await once(fourth.resume(), 'close')
  await Promise.all(idle.map((socket) => once(socket.resume(), 'close')))
  const registration = await registerNode(epmdNode('web', 1), where)
  assert.deepEqual(await lookupNode('web', where), epmdNode('web', 1))
  await registration.close()
})

test('an EPMD that answers nonsense, or nothing, is a typed error', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (data) => (data[2] === 122 ? socket.end('HTTP/1.1 400 Bad Request') : socket.end()))
  })
  server.listen(0, address)
  await once(server, 'listening')
  t.after(() => server.close())
  const where = { address, port: (server.address() as { port: number }).port }
  await assert.rejects(lookupNode('web', where), isCode('EPMD_PROTOCOL'))
  await assert.rejects(registerNode(epmdNode('web', 1), where), isCode('EPMD_UNREACHABLE'))
})

test('a lookup that is refused at another address of this machine is tried at loopback', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const port = await serve(t)
  const registration = await registerNode(epmdNode('web', 40_000), { address, port })
  assert.deepEqual(await lookupNode('web', { address: loopback(9), port }), epmdNode('web', 40_000))
  await registration.close()
})

test('a node without an EPMD is one, at loopback and at its own address', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const port = await freePort()
  const own = loopback(10)
  const node = await presence(t, 'web', own, port)
  assert.deepEqual([node.serving, node.creation], [['127.0.0.1', own], 5000])
  for (const where of [address, own]) assert.equal((await lookupNode('web', { address: where, port })).port, 40_000)
  await node.stop()
  await assert.rejects(listNodes({ address, port }), isCode('EPMD_UNREACHABLE'))
})

test('a node that may not serve needs an EPMD', async (t) => {
  await assert.rejects(presence(t, 'web', address, await freePort(), { serve: false }), isCode('EPMD_UNREACHABLE'))
})

test('a basename that is taken is an error with advice', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const port = await freePort()
  await presence(t, 'web', loopback(11), port)
  await assert.rejects(
    presence(t, 'web', loopback(12), port),
    (error) => isCode('EPMD_NAME_TAKEN')(error) && /fixed port/.test((error as Error).message),
  )
})

test('nodes of one host share an EPMD, each answers at its own address for all, and another takes over', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const port = await freePort()
  const names = ['a', 'b', 'c', 'd']
  const addresses = names.map((_, index) => loopback(20 + index))
  let nodes: { name: string; node: EpmdPresence }[] = []
  for (const [index, name] of names.entries()) {
    nodes.push({ name, node: await presence(t, name, addresses[index] as string, port) })
  }
  const found = async (name: string, where: string) => (await lookupNode(name, { address: where, port })).name
  for (const where of [address, ...addresses]) {
    for (const name of names) assert.equal(await found(name, where), name, `${name} at ${where}`)
  }
  // One after the other the process that serves loopback goes; each time the others hold on to their names.
  while (nodes.length > 1) {
    const serving = nodes.filter(({ node }) => node.serving.includes(address))
    assert.equal(serving.length, 1)
    await serving[0]?.node.stop()
    nodes = nodes.filter((each) => each !== serving[0])
    await waitFor(async () => {
      const listed = await listNodes({ address, port }).catch(() => [])
      return nodes.every(({ name }) => listed.some((each) => each.name === name))
    })
    for (const where of [address, loopback(29)]) assert.equal(await found(nodes[0]?.name ?? '', where), nodes[0]?.name)
  }
})

test('a node registers again when the real EPMD was restarted, and serves as long as there is none', async (t) => {
  if (!requirePeer(t, 'epmd', 'loopback')) return
  const epmd = await startEpmd(t)
  const patient = await presence(t, 'patient', loopback(30), epmd.port, { serve: false })
  const first = patient.creation
  await epmd.stop()
  await waitFor(() => patient.events.some((event) => event.type === 'retrying'))
  await startEpmd(t, { port: epmd.port })
  await waitFor(async () => (await listNodes({ address, port: epmd.port }).catch(() => [])).length === 1)
  assert.equal(patient.creation, first)
  assert.deepEqual(patient.serving, [])
})

test('a real erl survives the change of hands from the real EPMD to ours', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const epmd = await startEpmd(t)
  const node = await presence(t, 'web', loopback(31), epmd.port)
  await startErl(t, { name: 'otp@127.0.0.1', epmd })
  await epmd.stop()
  await waitFor(() => node.serving.includes(address))
  await waitFor(async () => (await listNodes({ address, port: epmd.port })).length === 2)
})

test('a node with an IPv6 address uses loopback of IPv6, where erl -proto_dist inet6_tcp registers', async (t) => {
  if (!requirePeer(t, 'erl')) return
  if (!Object.values(networkInterfaces()).some((all) => all?.some((each) => each.address === '::1'))) {
    t.skip('this machine has no ::1')
    return
  }
  const port = await freePort('::1')
  const node = await presence(t, 'web', '::1', port)
  assert.deepEqual(node.serving, ['::1'])
  await startErl(t, { name: 'otp@::1', epmd: { port }, args: ['-proto_dist', 'inet6_tcp'] })
  const names = (await listNodes({ address: '::1', port })).map((each) => each.name)
  assert.deepEqual(names, ['web', 'otp'])
})
