import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requirePeer, waitFor } from '@tiebeam/testing'
import { Site, spawnMember } from './site.ts'

test('when leaveAll resolves, every other node has taken note; nobody joins after it, and the others stay in sight', async (t) => {
  const site = await Site.create(t)
  const [leaving, staying] = [await site.node('leaving'), await site.node('staying')]
  const [own, other] = [await site.groups(leaving), await site.groups(staying)]
  await leaving.connect(staying.name)
  other.join('g', spawnMember(staying))
  const pid = spawnMember(leaving)
  own.join('g', [pid, pid])
  own.join('h', pid)
  await waitFor(() => other.members('g').length === 3 && own.members('g').length === 3)
  await own.leaveAll()
  assert.deepEqual([other.members('g').length, other.members('h').length], [1, 0])
  own.join('g', spawnMember(leaving))
  assert.deepEqual(own.localMembers('g'), [])
  assert.equal(own.members('g').length, 1)
  other.join('g', spawnMember(staying))
  await waitFor(() => own.members('g').length === 2)
  await own.leaveAll()
  await own.stop()
  await assert.rejects(own.leaveAll(), { code: 'GROUPS_STOPPED' })
})

test('a pg of OTP takes note, unharmed', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const site = await Site.create(t)
  const node = await site.node('leaving')
  const groups = await site.groups(node)
  const erl = await site.erl('otp')
  await erl.evaluate('{ok, Pg} = pg:start(pg), unlink(Pg)')
  await node.connect(erl.name as string)
  groups.join('g', spawnMember(node))
  const members = () => erl.evaluate('length(pg:get_members(<<"g">>))')
  await waitFor(async () => (await members()) === '1')
  await groups.leaveAll()
  assert.equal(await members(), '0')
  assert.equal(await erl.evaluate('whereis(pg) =:= Pg'), 'true')
})

test('a node that gives no answer is waited for no longer than timeoutMs', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const site = await Site.create(t)
  const node = await site.node('leaving')
  const groups = await site.groups(node)
  const erl = await site.erl('otp')
  await erl.evaluate('{ok, Pg} = pg:start(pg), unlink(Pg)')
  await node.connect(erl.name as string)
  await waitFor(() => groups.stats().peers.length === 1)
  erl.suspend()
  await groups.leaveAll({ timeoutMs: 50 })
  erl.resume()
})
