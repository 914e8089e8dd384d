import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '@tiebeam/testing'
import { get, memoryKind, put, TestCluster } from './cluster.ts'

test('large rows pass through small outputs, and a joiner gets its snapshot meanwhile', async (t) => {
  const cluster = await TestCluster.create(t)
  // A link that stands still is not to be helped by its end.
  cluster.nodeInit = { outputBytesMax: 64 * 1024, stallMs: 600_000 }
  const authority = memoryKind()
  // Far more in one message than the output should hold, both ways at once: proposals here, entries there.
  const replica = { proposeBytesMax: 1024 ** 2 }
  for (const index of [1, 2]) await cluster.start(index, { authority, replica })
  await cluster.whole(2)
  const text = 'x'.repeat(10_000)
  const [backup] = cluster.backups
  assert.ok(backup !== undefined)
  const first = await Promise.all(Array.from({ length: 300 }, (_, index) => put(backup.engine, index, text)))
  const joining = cluster.start(3, { authority, replica })
  const second = await Promise.all(Array.from({ length: 300 }, (_, index) => put(backup.engine, 300 + index, text)))
  const joiner = await joining
  await cluster.whole(3)
  assert.ok([...first, ...second].every(({ type }) => type === 'committed'))
  assert.equal((await joiner.engine.sync()).type, 'synced')
  for (let index = 0; index < 600; index += 1) assert.equal(get(joiner.engine, index), text)
  for (const { engine } of cluster.members) assert.equal(engine.status.packetsDropped, 0)
  assert.ok(cluster.primary.engine.status.logBytes > 6_000_000)
})

test('the log keeps for those who return no more bytes than it may', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  const replica = { logBytesRetained: 100_000 }
  for (const index of [1, 2]) await cluster.start(index, { authority, replica })
  await cluster.whole(2)
  for (let index = 0; index < 40; index += 1) await put(cluster.primary.engine, index, 'x'.repeat(10_000))
  await cluster.backups[0]?.engine.sync()
  for (const { engine } of cluster.members) assert.ok(engine.status.logBytes < 200_000, `${engine.status.logBytes}`)
})

test('a transaction that writes more than one may is refused, and so is what goes beyond the bytes under way', async (t) => {
  const cluster = await TestCluster.create(t)
  const replica = { transactionBytesMax: 10_000, pendingBytesMax: 15_000 }
  const authority = memoryKind()
  for (const index of [1, 2]) await cluster.start(index, { authority, replica })
  await cluster.whole(2)
  const { engine } = cluster.primary
  assert.deepEqual(await put(engine, 'a', 'x'.repeat(20_000)), { type: 'refused', reason: 'TRANSACTION_TOO_LARGE' })
  const outcomes = await Promise.all([1, 2, 3].map((key) => put(engine, key, 'x'.repeat(6000))))
  assert.deepEqual(outcomes[2], { type: 'refused', reason: 'TOO_MANY_PENDING' })
  assert.deepEqual([outcomes[0]?.type, outcomes[1]?.type], ['committed', 'committed'])
  assert.equal((await put(engine, 'b', 'x'.repeat(6000))).type, 'committed')
})

test('rows of 1 MB and 10 MB pass through small outputs, many at once, while a member does not read for a while', async (t) => {
  const cluster = await TestCluster.create(t)
  cluster.nodeInit = { outputBytesMax: 64 * 1024, stallMs: 600_000 }
  const authority = memoryKind()
  // What is larger than a row may be by default needs its time on the way, in which nothing else is heard.
  const replica = { suspectAfterMs: 30_000 }
  for (const index of [1, 2, 3]) await cluster.start(index, { authority, replica })
  await cluster.whole(3)
  const texts = [1_000_000, 10_000_000].map((length) => 'x'.repeat(length))
  const writes = cluster.members.flatMap(({ engine }, member) =>
    Array.from({ length: 6 }, (_, index) => put(engine, `${member}/${index}`, texts[index % 2])),
  )
  // All of them share one event loop: none reads, and none listens, until this is over.
  await waitFor(() => cluster.members.some(({ engine }) => engine.status.committed > 2))
  const untilMs = performance.now() + 1000
  while (performance.now() < untilMs);
  for (const outcome of await Promise.all(writes)) assert.equal(outcome.type, 'committed')
  for (const { engine } of cluster.members) {
    assert.equal((await engine.sync()).type, 'synced')
    for (let member = 0; member < 3; member += 1) {
      for (let index = 0; index < 6; index += 1) assert.equal(get(engine, `${member}/${index}`), texts[index % 2])
    }
  }
  await waitFor(() =>
    cluster.members.every(({ node }) => node.stats().links.every(({ queuedBytes }) => queuedBytes === 0)),
  )
})
