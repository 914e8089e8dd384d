import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { RecordingLogger, waitFor } from '@tiebeam/testing'
import {
  Cluster,
  type ClusterInit,
  Epmd,
  type ListingSink,
  type PolledStrategy,
  type PushedStrategy,
} from '../src/index.ts'
import { FakeNode } from './fake-node.ts'

async function start(t: TestContext, init: ClusterInit, node = new FakeNode('app@10.0.0.1')) {
  const logger = new RecordingLogger()
  const cluster = await Cluster.start(node, { logger, ...init })
  t.after(() => cluster.stop())
  return { node, logger, cluster }
}

/** A strategy whose answers the test gives. */
function polled(list: PolledStrategy['list'], pollingIntervalMs = 5000): PolledStrategy {
  return { type: 'polled', kind: 'Scripted', pollingIntervalMs, list }
}

test('a static list is dialled at once, own name excepted, and status tells how far it has come', async (t) => {
  const hosts = ['app@10.0.0.1', 'app@10.0.0.2', 'app@10.0.0.3']
  const { node, cluster } = await start(t, { topologies: { main: new Epmd({ hosts }) } })
  assert.deepEqual(node.dialled, ['app@10.0.0.2', 'app@10.0.0.3'])
  node.attempts.get('app@10.0.0.2')?.succeed()
  node.attempts.get('app@10.0.0.3')?.fail('CONNECT_REFUSED')
  await waitFor(() => cluster.status().topologies.main?.missing[0]?.failure !== undefined)
  assert.deepEqual(cluster.status(), {
    complete: false,
    topologies: {
      main: {
        strategy: 'Epmd',
        listed: ['app@10.0.0.2', 'app@10.0.0.3'],
        connected: ['app@10.0.0.2'],
        missing: [
          {
            name: 'app@10.0.0.3',
            refused: false,
            failure: { code: 'CONNECT_REFUSED', message: 'app@10.0.0.3: CONNECT_REFUSED' },
          },
        ],
        lookingUp: false,
        nextLookupInMs: undefined,
        lastFailure: undefined,
        lookupFailures: 0,
      },
    },
  })
})

test('a lost peer is dialled again until it is back', async (t) => {
  const { node, cluster } = await start(t, { topologies: { main: new Epmd({ hosts: ['app@10.0.0.2'] }) } })
  node.attempts.get('app@10.0.0.2')?.succeed()
  await waitFor(() => cluster.status().complete)
  node.answer = () => 'CONNECT_REFUSED'
  node.down('app@10.0.0.2')
  await waitFor(() => node.dialled.length >= 4)
  node.answer = () => undefined
  await waitFor(() => cluster.status().complete)
})

test('a peer that connects to us is not dialled', async (t) => {
  const { node, cluster } = await start(
    t,
    {
      topologies: { main: polled(async () => ['app@10.0.0.2']) },
    },
    Object.assign(new FakeNode('app@10.0.0.1'), {}),
  )
  await waitFor(() => node.attempts.size === 1)
  node.up('app@10.0.0.2')
  assert.equal(cluster.status().complete, true)
  node.attempts.get('app@10.0.0.2')?.succeed()
  assert.deepEqual(node.dialled, ['app@10.0.0.2'])
})

test('peers that were connected before the cluster started are known', async (t) => {
  const node = new FakeNode('app@10.0.0.1')
  node.up('app@10.0.0.2')
  const { cluster } = await start(t, { topologies: { main: new Epmd({ hosts: ['app@10.0.0.2'] }) } }, node)
  assert.equal(cluster.status().complete, true)
  assert.deepEqual(node.dialled, [])
})

test('discovery that fails touches no link, is told once, and recovers', async (t) => {
  let fails = false
  let looks = 0
  const strategy = polled(async () => {
    looks += 1
    if (fails) throw new Error('SERVFAIL')
    return ['app@10.0.0.2']
  }, 20)
  const { node, logger, cluster } = await start(t, { topologies: { main: strategy }, disconnectUnlisted: true })
  node.answer = () => undefined
  node.attempts.get('app@10.0.0.2')?.succeed()
  await waitFor(() => cluster.status().complete)
  fails = true
  await waitFor(() => looks > 10)
  assert.deepEqual(node.nodes(), ['app@10.0.0.2'])
  assert.equal(cluster.status().topologies.main?.lastFailure?.message, 'SERVFAIL')
  assert.ok((cluster.status().topologies.main?.lookupFailures ?? 0) >= 5)
  fails = false
  await waitFor(() => logger.matching(/works again/).length === 1)
  assert.equal(logger.matching(/discovery fails/).length, 1)
  assert.deepEqual(node.disconnected, [])
})

test('a look-up that never ends is given up after lookupMs, and the next one is made', async (t) => {
  let looks = 0
  const signals: AbortSignal[] = []
  const strategy = polled(({ signal }) => {
    looks += 1
    signals.push(signal)
    return looks === 1 ? new Promise(() => {}) : Promise.resolve(['app@10.0.0.2'])
  })
  const { node, logger } = await start(t, { topologies: { main: strategy }, lookupMs: 30 })
  await waitFor(() => node.dialled.length === 1)
  assert.equal(signals[0]?.aborted, true)
  assert.equal(logger.matching(/found out nothing within 30 ms/).length, 1)
})

test('records that are no node names are told once, not at each look-up', async (t) => {
  let looks = 0
  const strategy = polled(async () => {
    looks += 1
    return ['not a name', 'app@10.0.0.2', ...Array.from({ length: 2000 }, (_, index) => `nonsense${index}`)]
  }, 10)
  const { node, logger, cluster } = await start(t, { topologies: { main: strategy } })
  node.answer = () => undefined
  node.attempts.get('app@10.0.0.2')?.succeed()
  await waitFor(() => looks > 5)
  const told = logger.matching(/no node names/)
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /2001 of the names/)
  assert.ok((told[0] ?? '').length < 500)
  assert.deepEqual(cluster.status().topologies.main?.connected, ['app@10.0.0.2'])
})

test('a peer with another cookie is told once, and the others join', async (t) => {
  const node = new FakeNode('app@10.0.0.1')
  node.answer = (name) => (name === 'app@10.0.0.2' ? 'COOKIE_MISMATCH' : undefined)
  const hosts = ['app@10.0.0.2', 'app@10.0.0.3']
  const { logger, cluster } = await start(
    t,
    { topologies: { main: new Epmd({ hosts }) }, refusedMs: 5, refusedMsMax: 5 },
    node,
  )
  await waitFor(() => node.dialled.length > 5)
  assert.deepEqual(cluster.status().topologies.main?.connected, ['app@10.0.0.3'])
  assert.equal(logger.matching(/warn: app@10.0.0.2 is listed but cannot join/).length, 1)
})

test('a strategy that pushes is refreshed after a loss, and stopped with the cluster', async (t) => {
  let sink: ListingSink | undefined
  const calls: string[] = []
  const strategy: PushedStrategy = {
    type: 'pushed',
    kind: 'Heartbeats',
    watch(_context, given) {
      sink = given
      return { refresh: () => calls.push('refresh'), stop: async () => void calls.push('stop') }
    },
  }
  const { node, cluster } = await start(t, { topologies: { gossip: strategy } })
  node.answer = () => undefined
  sink?.listed(['app@10.0.0.2'])
  await waitFor(() => cluster.status().complete)
  node.down('app@10.0.0.2')
  await waitFor(() => calls.includes('refresh'))
  await cluster.stop()
  assert.equal(calls.at(-1), 'stop')
  sink?.listed(['app@10.0.0.3'])
  assert.ok(!node.dialled.includes('app@10.0.0.3'))
})

test('a strategy that throws where it should not harms neither the others nor the node', async (t) => {
  const broken: PushedStrategy = {
    type: 'pushed',
    kind: 'Broken',
    watch() {
      throw new Error('no socket')
    },
  }
  const thrower = polled(() => {
    throw new Error('synchronous')
  })
  const liar = polled(async () => 'app@10.0.0.9' as unknown as string[])
  const { node, cluster } = await start(t, {
    topologies: { broken, thrower, liar, good: new Epmd({ hosts: ['app@10.0.0.2'] }) },
  })
  await waitFor(() => cluster.status().topologies.liar?.lastFailure !== undefined)
  const { topologies } = cluster.status()
  assert.equal(topologies.broken?.lastFailure?.message, 'no socket')
  assert.equal(topologies.thrower?.lastFailure?.message, 'synchronous')
  assert.equal(topologies.liar?.lastFailure?.code, 'LOOKUP_FAILED')
  assert.deepEqual(node.dialled, ['app@10.0.0.2'])
})

test('a node whose connect throws instead of rejecting is tried again', async (t) => {
  const node = new FakeNode('app@10.0.0.1')
  let dials = 0
  node.connect = () => {
    dials += 1
    throw new Error('stopped')
  }
  await start(t, { topologies: { main: new Epmd({ hosts: ['app@10.0.0.2'] }) } }, node)
  await waitFor(() => dials > 2)
})

test('stop gives up attempts, ends look-ups, takes its listeners back and leaves links alone', async (t) => {
  const signals: AbortSignal[] = []
  const strategy = polled(({ signal }) => {
    signals.push(signal)
    return new Promise(() => {})
  })
  const { node, cluster } = await start(t, {
    topologies: { dns: strategy, main: new Epmd({ hosts: ['app@10.0.0.2', 'app@10.0.0.3'] }) },
  })
  node.attempts.get('app@10.0.0.2')?.succeed()
  await waitFor(() => signals.length === 1)
  await cluster.stop()
  await cluster.stop()
  assert.equal(node.attempts.size, 0)
  assert.equal(signals[0]?.aborted, true)
  assert.equal(node.listenerCount(), 0)
  assert.deepEqual(node.nodes(), ['app@10.0.0.2'])
})

test('when the node has stopped the cluster stops too, and complains of nobody', async (t) => {
  const hosts = ['app@10.0.0.2', 'app@10.0.0.3']
  const { node, logger } = await start(t, { topologies: { main: new Epmd({ hosts }) } })
  for (const attempt of [...node.attempts.values()]) attempt.succeed()
  node.answer = () => 'NODE_STOPPED'
  for (const name of hosts) node.down(name)
  await waitFor(() => node.listenerCount() === 0)
  assert.deepEqual(logger.matching(/warn/), [])
  assert.equal(logger.matching(/so does the cluster/).length, 1)
})

test('a name that is dropped while it is dialled has its attempt given up', async (t) => {
  let names = ['app@10.0.0.2']
  const { node } = await start(t, { topologies: { main: polled(async () => names, 10) } })
  await waitFor(() => node.attempts.size === 1)
  const signal = node.attempts.get('app@10.0.0.2')?.options.signal
  names = []
  await waitFor(() => signal?.aborted)
  assert.equal(node.dialled.length, 1)
})

test('no topology at all is a cluster of one', async (t) => {
  const { cluster } = await start(t, { topologies: {} })
  assert.deepEqual(cluster.status(), { complete: true, topologies: {} })
})

test('wrong options are refused with a message that names them', async () => {
  const node = new FakeNode('app@10.0.0.1')
  const cases: [object, RegExp][] = [
    [{}, /topologies/],
    [{ topologies: { main: {} } }, /topologies\.main/],
    [{ topologies: {}, retryMs: 0 }, /retryMs is 0/],
    [{ topologies: {}, retryMs: Number.NaN }, /retryMs/],
    [{ topologies: {}, dialsMax: 1.5 }, /dialsMax is 1.5/],
    [{ topologies: {}, disconnectUnlisted: 'no' }, /disconnectUnlisted/],
    [{ topologies: {}, pollingInterval: 5 }, /no option pollingInterval/],
  ]
  for (const [init, message] of cases) {
    await assert.rejects(Cluster.start(node, init as ClusterInit), { code: 'OPTION_INVALID', message })
  }
  assert.throws(() => new Epmd({ hosts: ['nonsense'] }), { code: 'OPTION_INVALID', message: /nonsense/ })
  assert.throws(() => new Epmd({} as never), { code: 'OPTION_INVALID' })
})
