import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '@tiebeam/testing'
import { get, memoryKind, put, TestCluster } from './cluster.ts'

test('three nodes become a cluster, and a row written at one is read at all', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  for (const index of [1, 2, 3]) await cluster.start(index, { authority })
  await cluster.whole(3)
  for (const [index, { engine }] of cluster.members.entries()) {
    const outcome = await put(engine, index, {
      text: 'value',
      big: 2n ** 70n,
      bytes: Uint8Array.of(1, 2),
      none: undefined,
    })
    assert.equal(outcome.type, 'committed')
  }
  for (const { engine } of cluster.members) {
    assert.equal((await engine.sync()).type, 'synced')
    for (const index of [0, 1, 2]) {
      assert.deepEqual(get(engine, index), {
        text: 'value',
        big: 2n ** 70n,
        bytes: Uint8Array.of(1, 2),
        none: undefined,
      })
    }
  }
})

test('a write at a backup takes few round trips, and many at once share them', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  for (const index of [1, 2, 3]) await cluster.start(index, { authority })
  await cluster.whole(3)
  const [backup] = cluster.backups
  assert.ok(backup !== undefined)
  const started = performance.now()
  for (let index = 0; index < 500; index += 1) await put(backup.engine, index, 'one after the other')
  const sequentialMs = performance.now() - started
  const again = performance.now()
  await Promise.all(Array.from({ length: 5000 }, (_, index) => put(backup.engine, index, 'together')))
  t.diagnostic(`sequential ${sequentialMs / 500} ms a write, together ${(performance.now() - again) / 5000} ms`)
  await cluster.primary.engine.sync()
  assert.equal(get(cluster.primary.engine, 4999), 'together')
})

test('when the primary crashes, another goes on with all that was acknowledged', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  for (const index of [1, 2, 3]) await cluster.start(index, { authority })
  await cluster.whole(3)
  const { primary } = cluster
  for (let index = 0; index < 50; index += 1) assert.equal((await put(primary.engine, index, index)).type, 'committed')
  await cluster.crash(primary)
  await cluster.whole(2)
  for (const { engine } of cluster.members) {
    assert.equal((await engine.sync()).type, 'synced')
    for (let index = 0; index < 50; index += 1) assert.equal(get(engine, index), index)
    assert.equal((await put(engine, 'after', 1)).type, 'committed')
  }
})

test('a member that leaves is out of the view when it has left; the last one leaves an empty view, and founding after it is normal', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  for (const index of [1, 2, 3]) await cluster.start(index, { authority })
  await cluster.whole(3)
  await put(cluster.primary.engine, 'row', 1)
  while (cluster.members.length > 0) {
    const member = cluster.members.find(({ engine }) => engine.status.role === 'primary') ?? cluster.members[0]
    assert.ok(member !== undefined)
    await member.engine.stop()
    await member.node.stop({ timeoutMs: 0 })
    cluster.remove(member)
    await cluster.whole()
    for (const { engine } of cluster.members) assert.equal(get(engine, 'row'), 1)
  }
  const { engine } = await cluster.start(4, { authority })
  await cluster.whole(1)
  assert.equal(get(engine, 'row'), undefined)
  assert.equal(engine.status.resets, 0)
})

test('a call of a process that is no member is refused at once', async (t) => {
  const cluster = await TestCluster.create(t)
  const { engine } = await cluster.start(1, {
    authority: {
      kind: 'silent',
      start: async () => ({
        read: () => new Promise(() => {}),
        install: () => new Promise(() => {}),
        stop: async () => {},
      }),
    },
  })
  assert.deepEqual(await put(engine, 'row', 1), { type: 'refused', reason: 'NOT_A_MEMBER' })
  assert.deepEqual(await engine.sync(), { type: 'refused', reason: 'NOT_A_MEMBER' })
  await waitFor(() => /authority/.test(engine.status.waitingFor ?? ''))
})
