import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '@tiebeam/testing'
import { get, memoryKind, put, TestCluster } from './cluster.ts'

test('a member that was left out comes back as a new one, with what it held, and can write at once', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  for (const index of [1, 2, 3])
    await cluster.start(index, { authority, replica: { suspectAfterMs: 1000, heartbeatMs: 200 } })
  await cluster.whole(3)
  const [backup] = cluster.backups
  assert.ok(backup !== undefined)
  await put(backup.engine, 'row', 1)
  let rejoined = 0
  let restored = 0
  backup.engine.on('rejoined', () => {
    rejoined += 1
  })
  backup.engine.subscribe({ applied: () => {}, restored: () => (restored += 1), statusChanged: () => {} })
  const { uid } = backup.engine.status.self
  // The others hear nothing of it for a while.
  const { node } = backup
  const cut = setInterval(() => {
    for (const other of node.nodes('connected')) void node.disconnect(other)
  }, 1)
  await waitFor(() => cluster.primary.engine.status.view?.members.length === 2)
  clearInterval(cut)
  await cluster.whole(3)
  assert.notEqual(backup.engine.status.self.uid, uid)
  await waitFor(() => rejoined === 1)
  assert.equal(restored, 0, 'it held a prefix, and needed no snapshot')
  assert.equal((await put(backup.engine, 'row', 2)).type, 'committed')
  assert.equal(backup.engine.status.rejoins, 1)
  await cluster.primary.engine.sync()
  assert.equal(get(cluster.primary.engine, 'row'), 2)
})

test('a process that starts again under the name of a lost member takes its place', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  for (const index of [1, 2, 3]) await cluster.start(index, { authority })
  await cluster.whole(3)
  await put(cluster.primary.engine, 'row', 1)
  const { primary } = cluster
  const index = Number(primary.node.name.split('.').at(-1))
  await cluster.crash(primary)
  const back = await cluster.start(index, { authority })
  await cluster.whole(3)
  assert.equal(get(back.engine, 'row'), 1)
})
