import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { RecordingLogger, waitFor } from '@tiebeam/testing'
import { Cluster, type ClusterInit, Epmd, fromSubscription, type ListingSink, type Topology } from '../src/index.ts'
import { FakeNode } from './fake-node.ts'

const peer = 'app@10.0.0.2'
const strategy = new Epmd({ hosts: [peer] })

async function start(t: TestContext, topologies: ClusterInit['topologies'], init: Partial<ClusterInit> = {}) {
  const node = new FakeNode('app@10.0.0.1')
  const logger = new RecordingLogger()
  const cluster = await Cluster.start(node, { logger, topologies, retryMs: 5, retryMsMax: 5, searchMsMax: 10, ...init })
  t.after(() => cluster.stop())
  return { node, logger, cluster }
}

const missing = (cluster: Cluster, topology = 'main') => cluster.status().topologies[topology]?.missing[0]

test('a topology with connect is connected by it, and the others by the node', async (t) => {
  const dialled: string[] = []
  const main: Topology = { strategy, connect: (name) => dialled.push(name) }
  const { node } = await start(t, { main, other: new Epmd({ hosts: ['app@10.0.0.3'] }) })
  await waitFor(() => dialled.length > 1)
  assert.deepEqual(new Set(dialled), new Set([peer]))
  assert.deepEqual(node.dialled, ['app@10.0.0.3'])
  node.up(peer)
  const before = dialled.length
  await waitFor(() => node.nodes().includes(peer))
  assert.equal(dialled.length, before)
})

const failures: [string, (signal: AbortSignal) => unknown, string][] = [
  ['says false', () => false, `The hook connect of the topology main says false of ${peer}.`],
  ['is ignored', () => 'ignored', `The hook connect of the topology main says ignored of ${peer}.`],
  ['throws', () => assert.fail('not today'), 'not today'],
  ['hangs', () => new Promise(() => {}), 'The hook connect of the topology main did not end within 20 ms (hookMs).'],
]
for (const [fails, answer, message] of failures) {
  test(`a connect that ${fails} is tried again, and the status says why`, async (t) => {
    const signals: AbortSignal[] = []
    const main: Topology = {
      strategy,
      connect: (_name, { signal, redialMs }) => {
        assert.ok(redialMs > 0)
        signals.push(signal)
        return answer(signal)
      },
    }
    const { node, cluster } = await start(t, { main }, { hookMs: 20 })
    await waitFor(() => signals.length > 2)
    assert.equal(missing(cluster)?.failure?.message, message)
    assert.equal(signals[0]?.aborted, fails === 'hangs')
    assert.deepEqual(node.dialled, [])
  })
}

test('an attempt by a hook is given up when the cluster stops', async (t) => {
  let given: AbortSignal | undefined
  const main: Topology = {
    strategy,
    connect: (_name, { signal }) => {
      given = signal
      return new Promise(() => {})
    },
  }
  const { cluster } = await start(t, { main })
  await waitFor(() => given !== undefined)
  await cluster.stop()
  assert.equal(given?.aborted, true)
})

test('with listNodes, that alone says who is connected, and a loss that it shows is healed', async (t) => {
  const linked = new Set<string>()
  let dials = 0
  const main: Topology = {
    strategy,
    connect: (name) => {
      dials += 1
      return linked.add(name)
    },
    listNodes: async () => [...linked],
  }
  const { node, cluster } = await start(t, { main })
  await waitFor(() => cluster.status().complete)
  assert.equal(dials, 1)
  assert.deepEqual(node.nodes(), [])
  linked.clear()
  await waitFor(() => dials === 2 && cluster.status().complete)
  // A link of the node itself says nothing about this topology.
  node.up(peer)
  node.down(peer)
  assert.equal(cluster.status().complete, true)
})

test('a listNodes that throws, hangs or gives no list is told once, and what it said last stays', async (t) => {
  let asked = 0
  let answer: () => unknown = () => [peer]
  const main: Topology = {
    strategy,
    listNodes: () => {
      asked += 1
      return answer() as readonly string[]
    },
  }
  const { logger, cluster } = await start(t, { main }, { hookMs: 10 })
  await waitFor(() => cluster.status().complete)
  for (const wrong of [
    () => {
      throw new Error('no list')
    },
    () => new Promise(() => {}),
    () => 'app@10.0.0.2',
  ]) {
    answer = wrong
    const before = asked
    await waitFor(() => asked > before + 2)
    assert.equal(cluster.status().complete, true)
  }
  assert.equal(logger.matching(/listNodes fails; what it said last stays/).length, 1)
  answer = () => []
  await waitFor(() => !cluster.status().complete)
  assert.equal(logger.matching(/listNodes works again/).length, 1)
})

test('what is no longer listed is disconnected by the hook of the topology that listed it', async (t) => {
  const linked = new Set([peer, 'app@10.0.0.3'])
  const disconnected: string[] = []
  let sink: ListingSink | undefined
  const main: Topology = {
    strategy: fromSubscription((given) => {
      sink = given
      given.listed([...linked])
      return () => {}
    }),
    listNodes: () => [...linked],
    disconnect: (name) => {
      disconnected.push(name)
      linked.delete(name)
    },
  }
  const { node, cluster } = await start(t, { main }, { disconnectUnlisted: true })
  await waitFor(() => cluster.status().complete)
  sink?.listed(['app@10.0.0.3'])
  await waitFor(() => disconnected.length > 0)
  sink?.listed(['app@10.0.0.3', 'app@10.0.0.4'])
  assert.deepEqual(disconnected, [peer])
  assert.deepEqual(node.disconnected, [])
})

test('a disconnect that throws is told, and the cluster goes on', async (t) => {
  let sink: ListingSink | undefined
  const main: Topology = {
    strategy: fromSubscription((given) => {
      sink = given
      given.listed([peer])
      return () => {}
    }),
    disconnect: () => {
      throw new Error('stuck')
    },
  }
  const { node, logger, cluster } = await start(t, { main }, { disconnectUnlisted: true })
  node.up(peer)
  sink?.listed(['app@10.0.0.3'])
  await waitFor(() => logger.matching(/Could not disconnect app@10.0.0.2: stuck/).length > 0)
  node.answer = () => undefined
  node.attempts.get('app@10.0.0.3')?.succeed()
  await waitFor(() => cluster.status().complete)
})

test('a topology of another form is refused with a message that names it', async (t) => {
  for (const [main, message] of [
    [{ strategy: {} }, /topologies\.main is "object"/],
    [{ connect: () => true }, /topologies\.main/],
    [{ strategy, connect: true }, /topologies\.main\.connect is true; it must be a function/],
  ] as const) {
    await assert.rejects(start(t, { main: main as never }), { code: 'OPTION_INVALID', message })
  }
})
