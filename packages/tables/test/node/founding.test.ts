import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuthorityKind, DataLoss, NodeEngine } from '@tiebeam/tables'
import { MemoryAuthority } from '@tiebeam/tables'
import { waitFor } from '@tiebeam/testing'
import { get, isIn, memoryKind, put, TestCluster } from './cluster.ts'
import { lowestKind } from './lowest-kind.ts'

function recordLosses(engine: NodeEngine): DataLoss[] {
  const losses: DataLoss[] = []
  engine.on('dataloss', (loss) => losses.push(loss))
  return losses
}

test('where the authority cannot tell founders apart, the lowest of enough nodes founds, and all others join', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = lowestKind()
  const options = { authority, minimumNodes: 3, foundAfterMs: 200 }
  await cluster.start(2, options)
  await cluster.start(3, options)
  await waitFor(() => cluster.members.every(({ engine }) => /3 nodes/.test(engine.status.waitingFor ?? '')))
  const lowest = await cluster.start(1, options)
  await cluster.whole(3)
  assert.equal(lowest.engine.status.role, 'primary')
  assert.equal(new Set(cluster.members.map(({ engine }) => engine.status.view?.identity)).size, 1)
  for (const { engine } of cluster.members) assert.equal(engine.status.resets, 0)
})

test('a connected node without tables is not waited for, and one that was lost neither', async (t) => {
  const cluster = await TestCluster.create(t)
  const bystander = await cluster.startNode(1)
  const authority = lowestKind()
  const options = { authority, minimumNodes: 2, foundAfterMs: 100 }
  const first = await cluster.start(3, options)
  await first.node.connect(bystander.name)
  // Lower than those that remain, and gone before it could found.
  const lost = await cluster.start(2, { ...options, foundAfterMs: 60_000 })
  await waitFor(() => first.engine.status.waitingFor?.includes(lost.node.name))
  await cluster.crash(lost)
  const last = await cluster.start(4, options)
  await last.node.connect(bystander.name)
  await cluster.whole(2)
})

test('of two clusters that meet, the older goes on, and each member of the other says that rows are lost', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = lowestKind()
  const options = { authority, minimumNodes: 1, foundAfterMs: 0 }
  const older = await cluster.start(1, options)
  await waitFor(() => isIn(older.engine))
  cluster.remove(older)
  const first = await cluster.start(2, options)
  await waitFor(() => isIn(first.engine))
  const second = await cluster.start(3, options)
  await cluster.whole(2)
  await put(older.engine, 'row', 'older')
  await put(first.engine, 'row', 'younger')
  const losses = [first, second].map(({ engine }) => recordLosses(engine))

  cluster.members.unshift(older)
  await first.node.connect(older.node.name)
  await second.node.connect(older.node.name)
  await cluster.whole(3)
  for (const { engine } of cluster.members) {
    await engine.sync()
    assert.equal(get(engine, 'row'), 'older')
  }
  for (const each of losses)
    assert.deepEqual(
      each.map(({ reason }) => reason),
      ['other cluster'],
    )
  assert.equal(older.engine.status.resets, 0)
})

test('when all members are proven dead, a new cluster begins with nothing, and says so', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  const lost = await cluster.start(1, { authority })
  await cluster.whole(1)
  await put(lost.engine, 'row', 1)
  await cluster.crash(lost)
  const losses: DataLoss[] = []
  const back = await cluster.start(1, { authority, on: { dataloss: (loss) => losses.push(loss) } })
  await waitFor(() => isIn(back.engine) && losses.length > 0)
  assert.equal(get(back.engine, 'row'), undefined)
  assert.deepEqual(
    losses.map(({ reason }) => reason),
    ['all members lost'],
  )
  assert.equal(back.logger.matching(/error: .*rows were lost/).length, 1)
  assert.equal(back.engine.status.resets, 1)
})

test('without proof that the members are dead, a process waits and says for whom; with onTotalLoss halt, for a person', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  const lost = await cluster.start(1, { authority })
  await cluster.whole(1)
  await cluster.crash(lost)
  const other = await cluster.start(2, { authority, onTotalLoss: 'halt' })
  await waitFor(() => other.engine.status.waitingFor?.includes(lost.node.name))
  await sleep(300)
  assert.equal(other.engine.status.role, 'joining')
  // Its next life is the proof.
  const back = await cluster.start(1, { authority, onTotalLoss: 'halt' })
  await waitFor(() => cluster.members.every(({ engine }) => /a person/.test(engine.status.waitingFor ?? '')))
  await back.engine.reset({ keep: false })
  await cluster.whole(2)
})

test('the word of the authority that a member has ended is proof as well', async (t) => {
  const cluster = await TestCluster.create(t)
  const register = memoryKind()
  let isGone = false
  const authority: AuthorityKind = {
    ...register,
    start: async (host) => ({ ...(await register.start(host)), proveDead: async () => isGone }),
  }
  const lost = await cluster.start(1, { authority })
  await cluster.whole(1)
  await cluster.crash(lost)
  const losses: DataLoss[] = []
  const other = await cluster.start(2, { authority, on: { dataloss: (loss) => losses.push(loss) } })
  await waitFor(() => other.engine.status.waitingFor?.includes(lost.node.name))
  isGone = true
  await waitFor(() => isIn(other.engine) && losses.length === 1)
})

test('a process that uses another authority neither joins nor founds, and the log says why', async (t) => {
  const cluster = await TestCluster.create(t)
  const first = await cluster.start(1, { authority: memoryKind() })
  await waitFor(() => isIn(first.engine))
  const stranger = await cluster.start(2, { authority: lowestKind(), foundAfterMs: 0 })
  await waitFor(() => /same authority/.test(stranger.engine.status.waitingFor ?? ''))
  assert.equal(stranger.engine.status.role, 'joining')
  await waitFor(() => stranger.logger.matching(/error: .*another authority/).length === 1)
})

test('after the record of the authority was lost, writes go on and a person can begin anew with the rows of a survivor', async (t) => {
  const cluster = await TestCluster.create(t)
  const original = new MemoryAuthority()
  let register = original
  const authority = memoryKind({
    read: () => register.read(),
    install: (next, expectedEpoch) => register.install(next, expectedEpoch),
  })
  for (const index of [1, 2, 3]) await cluster.start(index, { authority, replica: { authorityReadMs: 200 } })
  await cluster.whole(3)
  await put(cluster.primary.engine, 'row', 'kept')
  // Put back, it is as if nothing had been.
  register = new MemoryAuthority()
  await waitFor(() => /went back/.test(cluster.primary.engine.status.problem ?? ''))
  register = original
  await waitFor(() => cluster.primary.engine.status.problem === undefined)
  register = new MemoryAuthority()
  await waitFor(() => /went back/.test(cluster.primary.engine.status.problem ?? ''))
  const [backup] = cluster.backups
  assert.ok(backup !== undefined)
  assert.equal((await put(backup.engine, 'more', 1)).type, 'committed')

  const losses = cluster.members.map(({ engine }) => recordLosses(engine))
  await backup.engine.reset({ keep: true })
  await cluster.whole(3)
  for (const { engine } of cluster.members) {
    assert.equal((await engine.sync()).type, 'synced')
    assert.equal(get(engine, 'row'), 'kept')
    assert.equal(get(engine, 'more'), 1)
  }
  assert.equal(losses.flat().length, 2, 'the others gave up their copies')
})

test('a survivor that a person lets begin anew keeps what was acknowledged, though it has not heard yet that it was', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = lowestKind()
  for (const index of [1, 2]) await cluster.start(index, { authority, minimumNodes: 2, foundAfterMs: 100 })
  await cluster.whole(2)
  const { primary } = cluster
  const [survivor] = cluster.backups
  assert.ok(survivor !== undefined)
  assert.equal((await put(primary.engine, 'row', 1)).type, 'committed')
  assert.equal(get(survivor.engine, 'row'), undefined)
  await cluster.crash(primary)
  await survivor.engine.reset({ keep: true })
  await cluster.whole(1)
  assert.equal(get(survivor.engine, 'row'), 1)
})
