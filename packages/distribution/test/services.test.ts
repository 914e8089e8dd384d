/** What a node offers besides its processes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, Float, type Tuple, tuple } from '@tiebeam/etf'
import { freePort, requirePeer, startErl, waitFor } from '@tiebeam/testing'
import { Node } from '../src/node.ts'
import type { NodeService, ServiceHost } from '../src/node-service.ts'
import { cookie, freshName, startNode } from './peers/start-peer.ts'

function recording(name: string, log: string[]): NodeService {
  return {
    start: ({ node }) => void log.push(`start ${name} ${node.port === 0 ? 'unreachable' : 'reachable'}`),
    stop: () => void log.push(`stop ${name}`),
  }
}

test('services start before the node can be reached, and stop first, in the reverse order', async (t) => {
  const log: string[] = []
  const epmd = { port: await freePort() }
  const services = [recording('one', log), recording('two', log)]
  const node = await startNode(t, { name: freshName('subject'), epmd, services })
  node.spawn(async (self) => {
    self.trapExit = true
    await self.receive()
    log.push('process ended')
  })
  await node.stop()
  assert.deepEqual(log.slice(0, 4), ['start one unreachable', 'start two unreachable', 'stop two', 'stop one'])
})

test('a service that cannot start fails the start of the node, and those before it are stopped', async () => {
  const log: string[] = []
  const failing: NodeService = { start: () => Promise.reject(new Error('no licence')) }
  const epmd = { port: await freePort() }
  const services = [recording('one', log), failing, recording('two', log)]
  await assert.rejects(Node.start({ name: freshName('subject'), cookie, epmd, services }), /no licence/)
  assert.deepEqual(log, ['start one unreachable', 'stop one'])
})

test('a service that fails to stop, or takes too long, does not keep the node from stopping', async () => {
  const log: string[] = []
  const failing: NodeService = { start: () => {}, stop: () => Promise.reject(new Error('stuck')) }
  const hanging: NodeService = { start: () => {}, stop: () => new Promise(() => {}) }
  const epmd = { port: await freePort() }
  const node = await Node.start({
    name: freshName('subject'),
    cookie,
    epmd,
    services: [hanging, recording('one', log), failing],
  })
  await node.stop({ timeoutMs: 50 })
  assert.deepEqual(log.slice(1), ['stop one'])
})

test('what a service serves has a name that applications cannot take, and outlives exit signals', async (t) => {
  const received: unknown[] = []
  const service: NodeService = {
    start: (host) => void host.serve({ name: 'served', handle: (message) => received.push(message) }),
  }
  const node = await startNode(t, { name: freshName('subject'), epmd: { port: await freePort() }, services: [service] })
  const pid = node.whereis('served')
  assert.ok(pid)
  assert.deepEqual(node.registered(), [])
  assert.throws(() => node.unregister('served'), { code: 'OPTION_INVALID' })
  assert.throws(() => node.spawn(() => {}, { name: 'served' }), { code: 'NAME_TAKEN' })
  node.exit(pid, atom('kill'))
  node.send('served', 'still there')
  assert.equal(received.at(-1), 'still there')
})

test('a process of a service asks, monitors, and ends when it is told to', async (t) => {
  const received: unknown[] = []
  const hosts: ServiceHost[] = []
  const service: NodeService = {
    start: (host) => {
      hosts.push(host)
    },
  }
  const node = await startNode(t, { name: freshName('subject'), epmd: { port: await freePort() }, services: [service] })
  const served = (hosts[0] as ServiceHost).serve({ handle: (message) => received.push(message) })
  const server = node.spawn(async (self) => {
    const [alias, question] = ((await self.receive()) as Tuple).elements
    self.send(alias as never, tuple(alias, `${question}!`))
  })
  const reference = served.monitor(server)
  const answer = await served.ask(server, (alias) => tuple(alias, 'hello'))
  assert.equal((answer as Tuple).at(1), 'hello!')
  await waitFor(() => received.length === 1)
  assert.ok((received[0] as { reference: { equals(other: unknown): boolean } }).reference.equals(reference))
  assert.equal(node.isAlive(served.pid), true)
  served.end()
  assert.equal(node.isAlive(served.pid), false)
})

test('messages to a name that wants them exact keep the form of every term; others do not', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const received: unknown[] = []
  const service: NodeService = {
    start: (host) => {
      host.serve({ name: 'exact', exact: true, handle: (message) => received.push(message) })
      host.serve({ name: 'comfortable', handle: (message) => received.push(message) })
    },
  }
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd, services: [service] })
  const erl = await startErl(t, { name: freshName('otp'), cookie, epmd })
  for (const name of ['exact', 'comfortable', 'exact']) await erl.evaluate(`{${name}, '${node.name}'} ! {1.0, <<"x">>}`)
  await waitFor(() => received.length === 3)
  const [first, second, third] = received as [Tuple, Tuple, Tuple]
  assert.ok(first.at(0) instanceof Float && third.at(0) instanceof Float)
  assert.deepEqual(second.elements, [1, 'x'])
})

test('other nodes call a function of a service, whatever the application lets them call', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const service: NodeService = {
    start: (host) => {
      const call = ([value]: readonly unknown[]): unknown => {
        if (value === 0) throw new Error('nothing')
        return tuple(atom('got'), value)
      }
      host.serveFunction({ module: 'some', function: 'thing', arity: 1, call })
    },
  }
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd, services: [service] })
  const erl = await startErl(t, { name: freshName('otp'), cookie, epmd })
  assert.equal(await erl.evaluate(`rpc:call('${node.name}', some, thing, [7])`), '{got,7}')
  assert.match(
    await erl.evaluate(`catch erpc:call('${node.name}', some, thing, [0])`),
    /javascript,<<"Error">>,<<"nothing">>/,
  )
  assert.equal(await erl.evaluate(`rpc:call('${node.name}', some, thing, [])`), '{badrpc,notsup}')
})

test('only a service that says so makes the node visible to OTP, and a hidden node stays hidden', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const epmd = { port: await freePort() }
  const service = (visible: boolean): NodeService => ({ visible, start: () => {} })
  const shown = await startNode(t, { name: freshName('shown'), epmd, services: [service(true)] })
  const plain = await startNode(t, { name: freshName('plain'), epmd, services: [service(false)] })
  const hidden = await startNode(t, { name: freshName('hidden'), epmd, hidden: true, services: [service(true)] })
  const erl = await startErl(t, { name: freshName('otp'), cookie, epmd, args: ['-connect_all', 'false'] })
  const ups: unknown[] = []
  for (const node of [shown, plain, hidden]) {
    node.on('nodeup', ({ name, published }) => ups.push([name === erl.name, published]))
    await node.connect(erl.name as string)
  }
  assert.deepEqual(ups, [
    [true, true],
    [true, false],
    [true, false],
  ])
  // OTP counts a link some moments after it has said that it stands.
  await waitFor(async () => (await erl.evaluate('length(nodes(connected))')) === '3')
  assert.equal(await erl.evaluate('nodes()'), `['${shown.name}']`)
})
