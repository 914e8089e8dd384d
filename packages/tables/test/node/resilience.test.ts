import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Store, type Write } from '@tiebeam/tables'
import { waitFor } from '@tiebeam/testing'
import { get, memoryKind, put, TestCluster } from './cluster.ts'

/** Fails at one row, once. */
class FragileStore extends Store {
  #hasFailed = false

  override apply(write: Write, nowMs: number): void {
    if (write.type === 'put' && write.key === 'poison' && !this.#hasFailed) {
      this.#hasFailed = true
      throw new Error('a mistake in the store')
    }
    super.apply(write, nowMs)
  }
}

test('a replica that fails is replaced by a new member, and the others go on', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  await cluster.start(1, { authority })
  await cluster.whole(1)
  const fragile = await cluster.start(2, { authority, createStore: () => new FragileStore() })
  await cluster.whole(2)
  const { uid } = fragile.engine.status.self
  assert.equal((await put(cluster.primary.engine, 'poison', 1)).type, 'committed')
  await waitFor(() => fragile.engine.status.self.uid !== uid)
  await cluster.whole(2)
  await waitFor(() => get(fragile.engine, 'poison') === 1)
  assert.equal(fragile.logger.matching(/error: .*starts again with nothing/).length, 1)
  assert.equal((await put(fragile.engine, 'row', 2)).type, 'committed')
})

test('how a node decodes binaries and numbers makes no difference', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  await cluster.start(1, { authority })
  cluster.nodeInit = { decoding: 'exact' }
  await cluster.start(2, { authority })
  cluster.nodeInit = { binaries: 'bytes' }
  await cluster.start(3, { authority })
  await cluster.whole(3)
  const value = { text: 'text', number: 1, float: 1.5, big: 5n, bytes: Uint8Array.of(65), none: undefined, nil: null }
  for (const [index, { engine }] of cluster.members.entries()) {
    assert.equal((await put(engine, index, value)).type, 'committed')
  }
  for (const { engine } of cluster.members) {
    await engine.sync()
    for (const index of [0, 1, 2]) assert.deepEqual(get(engine, index), value)
  }
})
