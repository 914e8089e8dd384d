import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTables, TablesError, table } from '@tiebeam/tables'
import { waitFor } from '@tiebeam/testing'
import { memoryKind, TestCluster } from './cluster.ts'

interface Session {
  readonly id: string
  readonly user: string
}

test('tables that are opened on three nodes are the same tables, until they are stopped', async (t) => {
  const cluster = await TestCluster.create(t)
  const authority = memoryKind()
  const nodes = await cluster.startMesh(3)
  const sites = await Promise.all(
    nodes.map((node) =>
      openTables(node, { sessions: table<Session>({ key: 'id', indexes: ['user'] }) }, { authority }),
    ),
  )
  const [first, second, third] = sites
  assert.ok(first !== undefined && second !== undefined && third !== undefined)
  await second.sessions.put({ id: '1', user: 'ada' })
  await third.sync()
  assert.deepEqual(third.sessions.where('user', 'ada'), [{ id: '1', user: 'ada' }])
  await first.sync()
  await waitFor(() => first.status.view?.members.length === 3)
  const { role, rows } = first.status
  assert.ok(role === 'primary' || role === 'member')
  assert.equal(rows.sessions, 1)
  await assert.rejects(
    openTables(nodes[0] as (typeof nodes)[0], {}, { authority }),
    (error: { readonly code?: unknown }) => error.code === 'NAME_TAKEN',
  )
  for (const site of sites) await site.stop()
  await assert.rejects(first.sessions.put({ id: '2', user: 'bob' }), TablesError)
})

test('tables that do not open in time say what they wait for, and can be opened again', async (t) => {
  const cluster = await TestCluster.create(t)
  const node = await cluster.startNode(1)
  const options = { authority: { ...memoryKind(), founder: 'lowest' as const }, foundAfterMs: 0 }
  await assert.rejects(
    openTables(node, {}, { ...options, minimumNodes: 2, openTimeoutMs: 200 }),
    (error: TablesError) => error.code === 'OPEN_TIMEOUT' && /2 nodes \(minimumNodes\)/.test(error.message),
  )
  const tables = await openTables(node, {}, options)
  assert.equal(tables.status.role, 'primary')
  await tables.stop()
})

test('options that cannot be are refused', async (t) => {
  const cluster = await TestCluster.create(t)
  const node = await cluster.startNode(1)
  const authority = memoryKind()
  for (const wrong of [
    { name: 'a b' },
    { minimumNodes: 0 },
    { authorityTimeoutMs: Number.NaN },
    { replica: { tickMs: -1 } },
  ]) {
    await assert.rejects(
      openTables(node, {}, { authority, ...wrong }),
      (error: TablesError) => error.code === 'OPTION_INVALID',
    )
  }
})
