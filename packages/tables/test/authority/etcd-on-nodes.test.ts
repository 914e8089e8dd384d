import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type AuthorityKind, etcd } from '@tiebeam/tables'
import { type Etcd, hasPeer, requirePeer, type Scope, startEtcd, Teardown, waitFor } from '@tiebeam/testing'
import { get, put, TestCluster } from '../node/cluster.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

let server: Etcd
let keys = 0
const teardown = new Teardown()

before(async () => {
  if (hasPeer('etcd')) server = await startEtcd(teardown)
})
after(() => teardown.run())

interface OnEtcd {
  readonly cluster: TestCluster
  readonly proxy: FaultProxy
  readonly authority: AuthorityKind
  /** Base64. */
  readonly key: string
}

async function startThree(scope: Scope): Promise<OnEtcd> {
  keys += 1
  const key = `/on-nodes/${keys}`
  const proxy = await startFaultProxy(scope, { target: server.url, patienceMs: 500 })
  const authority = etcd({ endpoints: [proxy.url], key, timeoutMs: 500 })
  const cluster = await TestCluster.create(scope)
  for (const index of [1, 2, 3]) await cluster.start(index, { authority, replica: { authorityReadMs: 200 } })
  await cluster.whole(3)
  assert.equal((await put(cluster.primary.engine, 'before', 1)).type, 'committed')
  return { cluster, proxy, authority, key: Buffer.from(key).toString('base64') }
}

async function ask(path: string, body: unknown): Promise<{ kvs?: [{ value: string }] }> {
  const answer = await fetch(`${server.url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
  assert.ok(answer.ok)
  return (await answer.json()) as { kvs?: [{ value: string }] }
}

test('while etcd is down writes go on, a crash stops them, and they go on when it is back', async (t) => {
  if (!requirePeer(t, 'etcd')) return
  const { cluster, proxy } = await startThree(t)
  proxy.choose = () => 'resetBefore'
  assert.equal((await put(cluster.primary.engine, 'down', 1)).type, 'committed')
  await cluster.crash(cluster.backups[0] as (typeof cluster.members)[number])
  const { engine } = cluster.primary
  let isDone = false
  const stalled = put(engine, 'stalled', 1).finally(() => {
    isDone = true
  })
  await waitFor(() => /hang up|ECONNRESET/.test(engine.status.problem ?? ''))
  assert.equal(isDone, false)
  proxy.choose = () => 'none'
  assert.equal((await stalled).type, 'committed')
  await cluster.whole(2)
  for (const member of cluster.members) {
    for (const key of ['before', 'down', 'stalled']) await waitFor(() => get(member.engine, key) === 1)
  }
})

test('a key that was deleted changes no view, and a person who resets with the rows loses none', async (t) => {
  if (!requirePeer(t, 'etcd')) return
  const { cluster, key } = await startThree(t)
  const { epoch } = cluster.primary.engine.status.view ?? {}
  await ask('deleterange', { key })
  const { engine } = cluster.primary
  await waitFor(() => engine.status.problem !== undefined)
  assert.equal((await put(engine, 'after', 1)).type, 'committed')
  assert.equal(engine.status.view?.epoch, epoch)
  assert.equal((await ask('range', { key })).kvs, undefined)
  await engine.reset({ keep: true })
  await cluster.whole(3)
  await waitFor(() => engine.status.problem === undefined)
  for (const member of cluster.members) {
    for (const row of ['before', 'after']) await waitFor(() => get(member.engine, row) === 1)
  }
})

test('a key that was restored from before is noticed, its view does not come back, and a person can begin anew from any member', async (t) => {
  if (!requirePeer(t, 'etcd')) return
  const { cluster, key, authority } = await startThree(t)
  const { kvs } = await ask('range', { key })
  await cluster.start(4, { authority, replica: { authorityReadMs: 200 } })
  await cluster.whole(4)
  await ask('put', { key, value: kvs?.[0].value })
  const { engine } = cluster.primary
  await waitFor(() => engine.status.problem !== undefined)
  assert.equal((await put(engine, 'after', 1)).type, 'committed')
  for (const member of cluster.members) assert.equal(member.engine.status.view?.members.length, 4)
  // The others know later views of the old cluster than the record that this one begins anew from.
  const decided = cluster.backups[0] as (typeof cluster.members)[number]
  await decided.engine.reset({ keep: true })
  await cluster.whole(4)
  assert.equal(cluster.primary, decided)
  for (const member of cluster.members) {
    for (const row of ['before', 'after']) await waitFor(() => get(member.engine, row) === 1)
  }
})

test('etcd that mistreats one in three requests keeps nobody from joining, leaving and taking over', async (t) => {
  if (!requirePeer(t, 'etcd')) return
  const { cluster, proxy, authority } = await startThree(t)
  let count = 0
  proxy.choose = () => {
    count += 1
    return count % 3 === 0
      ? ((['resetAfter', 'repeat', 'tooLate', 'unavailableAfter'] as const)[count % 4] ?? 'none')
      : 'none'
  }
  await cluster.start(4, { authority })
  await cluster.whole(4)
  await cluster.crash(cluster.primary)
  await cluster.whole(3)
  const leaver = cluster.backups[0] as (typeof cluster.members)[number]
  await leaver.engine.stop({ timeoutMs: 60_000 })
  cluster.remove(leaver)
  await cluster.whole(2)
  await proxy.calm()
  for (const member of cluster.members) assert.equal(get(member.engine, 'before'), 1)
})
