import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tuple } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import { get, memoryKind, put, TestCluster } from './cluster.ts'

test('garbage of a connected node is dropped and logged once, and the tables go on', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  for (const index of [1, 2]) await cluster.start(index, { authority })
  await cluster.whole(2)
  const stranger = await cluster.startNode(3)
  const [member] = cluster.members
  assert.ok(member !== undefined)
  await stranger.connect(member.node.name)
  const to = { name: 'tiebeam_tables_replica', node: member.node.name }
  const { self } = member.engine.status
  const forged = { type: 'leave', identity: member.engine.status.view?.identity, epoch: 1, from: self, to: self.uid }
  const packets: unknown[] = ['text', [], tuple(), tuple(stranger.pid), tuple(stranger.pid, 'text'), forged]
  packets.push(tuple(stranger.pid, new Uint8Array(0)), tuple(stranger.pid, Uint8Array.of(1, 2, 3)))
  for (let index = 0; index < 20; index += 1) for (const packet of packets) stranger.send(to, packet)
  await waitFor(() => member.engine.status.packetsNotUnderstood >= 20 * packets.length)
  assert.equal((await put(member.engine, 'row', 1)).type, 'committed')
  assert.equal(get(member.engine, 'row'), 1)
  assert.equal(
    member.logger.matching(/cannot be understood/).length,
    2,
    'once for the stranger, once for those without a name',
  )
})

test('a replica whose process is ended says so, and refuses', async (t) => {
  const cluster = await TestCluster.create(t)
  const member = await cluster.start(1, { authority: memoryKind() })
  await cluster.whole(1)
  const pid = member.node.whereis('tiebeam_tables_replica')
  assert.ok(pid !== undefined)
  member.node.exit(pid, 'because')
  await waitFor(() => member.engine.status.role === 'none')
  assert.equal(member.logger.matching(/error: .*was ended/).length, 1)
  assert.deepEqual(await put(member.engine, 'row', 1), { type: 'refused', reason: 'NOT_A_MEMBER' })
})
