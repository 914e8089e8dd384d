/** What the typed tables promise, over real nodes that agree among themselves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTables, orderedTable, type TablesError, table } from '@tiebeam/tables'
import { definitions } from '../api/compliance/members.ts'
import { testCompliance } from '../api/compliance.ts'
import { memoryKind, TestCluster } from './cluster.ts'

/** Founding waits for discovery to be quiet; these nodes are connected already. */
const options = { foundAfterMs: 50, minimumNodes: 3, replica: { resendMs: 100 } }

testCompliance('three nodes', async (context) => {
  const cluster = await TestCluster.create(context)
  const nodes = await cluster.startMesh(3)
  const opened = await Promise.all(nodes.map((node) => openTables(node, definitions, options)))
  context.after(() => Promise.all(opened.map((tables) => tables.stop({ timeoutMs: 0 }))))
  return opened
})

test('a table that another node opened with another definition is refused with the reason, and its rows are as they were', async (t) => {
  const cluster = await TestCluster.create(t)
  const [one, other] = await cluster.startMesh(2)
  assert.ok(one !== undefined && other !== undefined)
  const authority = memoryKind()
  const tables = await openTables(one, { users: table<{ id: string }>({ key: 'id' }) }, { authority })
  t.after(() => tables.stop({ timeoutMs: 0 }))
  await tables.users.put({ id: 'ada' })
  const wrong = [
    { users: orderedTable<{ id: string }>({ key: 'id' }) },
    { users: table<{ name: string }>({ key: 'name' }) },
  ]
  for (const definitions of wrong) {
    await assert.rejects(openTables(other, definitions, { authority }), (error: TablesError) => {
      assert.equal(error.code, 'SCHEMA_INCOMPATIBLE')
      assert.match(error.message, /users/)
      return true
    })
  }
  assert.deepEqual(tables.users.all(), [{ id: 'ada' }])
  const again = await openTables(other, { users: table<{ id: string }>({ key: 'id' }) }, { authority })
  t.after(() => again.stop({ timeoutMs: 0 }))
  assert.deepEqual(again.users.all(), [{ id: 'ada' }])
})
