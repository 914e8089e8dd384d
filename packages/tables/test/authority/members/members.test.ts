/** The members as their own authority, on real nodes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { members } from '@tiebeam/tables'
import type { Scope } from '@tiebeam/testing'
import { waitFor } from '@tiebeam/testing'
import { get, put, TestCluster } from '../../node/cluster.ts'

async function startMembers(t: Scope, count: number): Promise<TestCluster> {
  const cluster = await TestCluster.create(t)
  const indexes = Array.from({ length: count }, (_, index) => index + 1)
  for (const index of indexes) {
    await cluster.start(index, { authority: members(), minimumNodes: 1, foundAfterMs: 200 })
  }
  await cluster.whole(count)
  return cluster
}

async function write(cluster: TestCluster, key: string): Promise<void> {
  await waitFor(async () => (await put(cluster.primary.engine, key, key)).type === 'committed', {
    what: () => JSON.stringify(cluster.members.map(({ engine }) => engine.status)),
  })
}

test('three members survive the crash of each, one after the other as it comes back', async (t) => {
  const cluster = await startMembers(t, 3)
  await write(cluster, 'first')
  for (const index of [1, 2, 3]) {
    const name = cluster.members.find(({ node }) => node.name.endsWith(`.${index}`))
    const victim = name ?? (cluster.members[0] as (typeof cluster.members)[number])
    const number = Number(victim.node.name.split('.').at(-1))
    await cluster.crash(victim)
    await cluster.whole(2)
    await write(cluster, `without ${index}`)
    await cluster.start(number, { authority: members(), minimumNodes: 1, foundAfterMs: 200 })
    await cluster.whole(3)
  }
  for (const { engine } of cluster.members) {
    for (const key of ['first', 'without 1', 'without 2', 'without 3']) {
      await waitFor(() => get(engine, key) === key)
    }
  }
})

test('of two members one alone writes nothing, says why, and goes on when the other is back', async (t) => {
  const cluster = await startMembers(t, 2)
  await write(cluster, 'both')
  const [survivor, victim] = [cluster.primary, cluster.backups[0] as (typeof cluster.members)[number]]
  const number = Number(victim.node.name.split('.').at(-1))
  await cluster.crash(victim)
  const writing = put(survivor.engine, 'alone', 'alone')
  await waitFor(() =>
    /1 of the 2 members of the last view answer, and 2 must/.test(survivor.engine.status.problem ?? ''),
  )
  await cluster.start(number, { authority: members(), minimumNodes: 1, foundAfterMs: 200 })
  await cluster.whole(2)
  const { type } = await writing
  assert.ok(type === 'committed' || type === 'refused', type)
  for (const { engine } of cluster.members) await waitFor(() => get(engine, 'both') === 'both')
})

test('members leave one after the other, down to none, and what begins afterwards is new', async (t) => {
  const cluster = await startMembers(t, 3)
  await write(cluster, 'old')
  for (const member of [...cluster.members]) {
    await member.engine.stop()
    await member.node.stop()
    cluster.remove(member)
    if (cluster.members.length > 0) await cluster.whole()
  }
  const { engine } = await cluster.start(4, { authority: members(), minimumNodes: 1, foundAfterMs: 200 })
  await waitFor(() => engine.status.role === 'primary')
  assert.equal(get(engine, 'old'), undefined)
})

test('a minority that is cut off by crashes goes on when a person says so, with its rows', async (t) => {
  const cluster = await startMembers(t, 3)
  await write(cluster, 'kept')
  const survivor = cluster.backups[0] as (typeof cluster.members)[number]
  for (const member of cluster.members.filter((other) => other !== survivor)) await cluster.crash(member)
  await waitFor(() => /a person decides/.test(survivor.engine.status.problem ?? ''))
  await survivor.engine.reset({ keep: true })
  await cluster.whole(1)
  assert.equal(get(survivor.engine, 'kept'), 'kept')
  await write(cluster, 'more')
})
