import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom } from '@tiebeam/distribution'
import { GlobalNames } from '@tiebeam/kernel'
import { RecordingLogger, waitFor } from '@tiebeam/testing'
import { Cluster, fromSubscription, type LeavingStep } from '../../src/index.ts'
import { FakeNode } from '../fake-node.ts'
import { Site, seeMembers, startEcho } from '../routing/site.ts'

const group = 'echoes'

async function start() {
  const node = new FakeNode('app@10.0.0.1')
  const logger = new RecordingLogger()
  return { node, logger, cluster: await Cluster.start(node, { topologies: {}, logger }) }
}

function step(phase: LeavingStep['phase'], run: LeavingStep['run'], more: Partial<LeavingStep> = {}): LeavingStep {
  return { phase, name: `in ${phase}`, run, ...more }
}

test('the phases come in their order whatever the order of the steps, those of one phase together, the node last', async () => {
  const { node, cluster } = await start()
  const seen: string[] = []
  node.drain.begin = async () => void seen.push('node drains')
  node.stop = async () => void seen.push('node stops')
  const note = (phase: LeavingStep['phase'], ms: number) =>
    step(phase, async () => {
      seen.push(`${phase} begins`)
      await sleep(ms)
      seen.push(`${phase} ends`)
    })
  const steps = [note('disconnect', 1), note('handOver', 5), note('unready', 10), note('unready', 1), note('drain', 1)]
  const outcomes = await cluster.leave({ steps })
  assert.deepEqual(seen, [
    'unready begins',
    'unready begins',
    'unready ends',
    'unready ends',
    'node drains',
    'drain begins',
    'drain ends',
    'handOver begins',
    'handOver ends',
    'disconnect begins',
    'disconnect ends',
    'node stops',
  ])
  assert.ok(outcomes.every(({ result }) => result === 'done'))
  assert.equal(outcomes.length, 7)
})

test('a step that fails or hangs is told, and keeps nothing else from being done', async () => {
  const { logger, cluster } = await start()
  let signal: AbortSignal | undefined
  const steps = [
    step('unready', () => {
      throw new Error('no such thing')
    }),
    step('drain', (given) => {
      signal = given
      return new Promise(() => {})
    }),
    step('handOver', () => new Promise(() => {}), { timeoutMs: 10 }),
    step('disconnect', () => 'done'),
  ]
  const outcomes = await cluster.leave({ drainMs: 20, steps })
  assert.deepEqual(
    outcomes.filter(({ name }) => name.startsWith('in ')).map(({ phase, result }) => [phase, result]),
    [
      ['unready', 'failed'],
      ['drain', 'timeout'],
      ['handOver', 'timeout'],
      ['disconnect', 'done'],
    ],
  )
  assert.match(String(outcomes[0]?.error), /no such thing/)
  assert.equal(signal?.aborted, true)
  assert.equal(logger.matching(/Leaving: the step in unready failed; going on\. no such thing/).length, 1)
  assert.equal(logger.matching(/in drain failed; going on\. It was not done within 20 ms/).length, 1)
})

test('a second call, or the signal, ends it at once: the rest is left out, and the node is stopped', async () => {
  for (const bySignal of [false, true]) {
    const { node, cluster } = await start()
    const stops: number[] = []
    node.stop = async ({ timeoutMs }) => void stops.push(timeoutMs)
    const abort = new AbortController()
    const hangs = step('unready', () => new Promise(() => {}))
    const never = step('handOver', () => assert.fail('was to be left out'))
    const leaving = cluster.leave({ steps: [hangs, never], signal: abort.signal })
    await sleep(5)
    if (bySignal) abort.abort()
    else assert.equal(await cluster.leave(), await leaving)
    const results = (await leaving).map(({ phase, result }) => `${phase} ${result}`)
    assert.deepEqual(results, ['unready cut', 'drain skipped', 'handOver skipped', 'disconnect skipped'])
    assert.deepEqual(stops, [0])
  }
})

test('a strategy that cannot be stopped keeps the node from nothing', async () => {
  const node = new FakeNode('app@10.0.0.1')
  let stopped = false
  node.stop = async () => {
    stopped = true
  }
  const stuck = fromSubscription(() => () => {
    throw new Error('stuck')
  })
  const cluster = await Cluster.start(node, { topologies: { stuck } })
  const outcomes = await cluster.leave()
  assert.deepEqual(
    outcomes.map(({ name, result }) => `${name}: ${result}`),
    ['calls under way: done', 'discovery: failed'],
  )
  assert.equal(stopped, true)
})

test('nobody is told an error because a member leaves: new calls go to others, those under way are finished', async (t) => {
  const site = await Site.create(t)
  const [caller, leaver, other] = [await site.member(), await site.member(), await site.member()]
  const slow = await startEcho(leaver, group)
  await seeMembers([caller], group, 1)
  const underWay = caller.cluster.call(group, atom('later'))
  await waitFor(() => slow.waiting.length === 1)
  await startEcho(other, group)
  await seeMembers([caller, leaver], group, 2)

  let drained = false
  const handOver = step('handOver', () => {
    drained = true
  })
  const outcomes = leaver.cluster.leave({ steps: [handOver] })
  await waitFor(() => leaver.node.drain.begun)
  assert.equal(caller.groups.members(group).length, 1)
  for (let n = 0; n < 20; n++) assert.equal(await caller.cluster.call(group, 'hello'), other.node.name)
  // What the leaving node still does may need others.
  assert.equal(await leaver.cluster.call(group, 'hello'), other.node.name)
  assert.equal(drained, false)
  slow.answer('finished')
  assert.equal(await underWay, 'finished')
  assert.ok((await outcomes).every(({ result }) => result === 'done'))
  assert.equal(drained, true)
  await waitFor(() => !caller.node.nodes().includes(leaver.node.name))
})

test('global names are left with the groups', async (t) => {
  const site = await Site.create(t)
  const own = new GlobalNames()
  const others = new GlobalNames()
  const other = await site.member({ names: others })
  const leaver = await site.member({ names: own })
  await own.sync()
  await own.registerName(
    'till',
    leaver.node.spawn((self) => self.receive()),
  )
  assert.notEqual(others.whereisName('till'), undefined)
  const checked = step('drain', () => assert.equal(others.whereisName('till'), undefined))
  const outcomes = await leaver.cluster.leave({ steps: [checked] })
  assert.deepEqual(
    outcomes.map(({ name, result }) => `${name}: ${result}`),
    ['groups: done', 'names: done', 'calls under way: done', 'in drain: done', 'discovery: done'],
  )
  await waitFor(() => other.node.nodes().length === 0)
})

test('a call that is sent to a member which is draining already is done by another', async (t) => {
  const site = await Site.create(t)
  const [caller, leaver, other] = [await site.member(), await site.member(), await site.member()]
  const refusing = await startEcho(leaver, group)
  await seeMembers([caller], group, 1)
  // The groups do not know it: a node that leaves without telling them.
  await leaver.node.drain.begin()
  const answer = caller.cluster.call(group, 'hello')
  await startEcho(other, group)
  assert.equal(await answer, other.node.name)
  assert.deepEqual(refusing.seen, [])
})

test('what the node itself calls is waited for before it disconnects', async (t) => {
  const site = await Site.create(t)
  const [leaver, other] = [await site.member(), await site.member()]
  const slow = await startEcho(other, group)
  await seeMembers([leaver], group, 1)
  const answer = leaver.cluster.call(group, atom('later'))
  await waitFor(() => slow.waiting.length === 1)
  const leaving = leaver.cluster.leave()
  await waitFor(() => leaver.node.drain.begun)
  slow.answer('in time')
  assert.equal(await answer, 'in time')
  await leaving
})

test('wrong options are refused with a message that names them', async (t) => {
  const { cluster } = await start()
  t.after(() => cluster.stop())
  for (const [init, message] of [
    [{ drainMs: -1 }, /drainMs is -1/],
    [
      { steps: [{ phase: 'later', name: 'x', run: () => {} }] },
      /phase of the step x is "later"; it must be one of unready/,
    ],
    [{ steps: [{ phase: 'drain', name: 'x' }] }, /run of the step x/],
    [{ steps: [step('drain', () => {}, { timeoutMs: Number.NaN })] }, /timeoutMs of the step in drain/],
  ] as const) {
    await assert.rejects(cluster.leave(init as never), { code: 'OPTION_INVALID', message })
  }
})
