import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '@tiebeam/testing'
import { storeDefinitions, table } from '../../src/api/definition.ts'
import { durationMs } from '../../src/api/duration.ts'
import { createTables } from '../../src/api/tables.ts'
import { LocalCluster } from './local-cluster.ts'

const definitions = { rows: table<{ readonly id: number; readonly text: string }>()({ key: 'id' }) }

test('what would need more memory than it may is refused, and there is room again for what is deleted', async (context) => {
  const cluster = new LocalCluster()
  context.after(() => cluster[Symbol.asyncDispose]())
  const settings = { storeBytesMax: 50_000 }
  const member = await cluster.start('one', { definitions: storeDefinitions(definitions), settings })
  const { tables } = await createTables(member, definitions, { rowBytesMax: 20_000, writesMax: 10 })
  const text = 'x'.repeat(10_000)
  for (let id = 0; id < 4; id += 1) await tables.rows.put({ id, text })
  await assert.rejects(tables.rows.put({ id: 4, text }), { code: 'MEMORY_FULL', message: /bytesMax/ })
  assert.equal(tables.rows.has(4), false)
  await tables.rows.put({ id: 3, text: 'short' })
  await tables.rows.put({ id: 4, text })
  await tables.transaction((tx) => {
    tx.rows.delete(0)
    tx.rows.put({ id: 5, text })
  })
  await tables.rows.clear()
  assert.ok(tables.status.bytes < 1000)
  await assert.rejects(tables.rows.put({ id: 6, text: text.repeat(3) }), {
    code: 'ROW_INVALID',
    message: /rowBytesMax/,
  })
  const many = tables.transaction((tx) => {
    for (let id = 0; id < 11; id += 1) tx.rows.put({ id, text: '' })
  })
  await assert.rejects(many, { code: 'TRANSACTION_INVALID', message: /writesMax/ })
  assert.equal(tables.rows.size, 0)
  await assert.rejects(createTables(member, definitions, { writesMax: 0 }), { code: 'OPTION_INVALID' })
})

test('members that write at the same time do not pass the limit of memory together', async (context) => {
  const cluster = new LocalCluster()
  context.after(() => cluster[Symbol.asyncDispose]())
  const init = { definitions: storeDefinitions(definitions), settings: { storeBytesMax: 100_000 } }
  const members = [
    await cluster.start('one', init),
    await cluster.start('two', init),
    await cluster.start('three', init),
  ]
  const tables = await Promise.all(members.map(async (member) => (await createTables(member, definitions)).tables))
  const text = 'x'.repeat(1000)
  const writes = tables.flatMap(({ rows }, place) =>
    Array.from({ length: 60 }, (_, index) => rows.put({ id: place * 1000 + index, text })),
  )
  const settled = await Promise.allSettled(writes)
  const refused = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
  assert.ok(refused.length >= 80, `${refused.length} of 180 were refused`)
  for (const { reason } of refused) assert.equal(reason.code, 'MEMORY_FULL')
  for (const each of tables) {
    await each.sync()
    assert.equal(each.rows.size, settled.length - refused.length)
    assert.ok(each.status.bytes <= 100_000 && each.status.bytes > 98_000, `${each.status.bytes} bytes`)
  }
  await tables[1]?.rows.delete(0)
  await tables[2]?.rows.put({ id: 1, text: '' })
})

test('a table takes no more rows than it may, and those that it has may still be written', async (context) => {
  const cluster = new LocalCluster()
  context.after(() => cluster[Symbol.asyncDispose]())
  const member = await cluster.start('one', { definitions: storeDefinitions(definitions) })
  const { tables } = await createTables(member, definitions, { rowsMax: 2 })
  await tables.rows.put({ id: 1, text: '' })
  await tables.rows.put({ id: 2, text: '' })
  await assert.rejects(tables.rows.put({ id: 3, text: '' }), { code: 'MEMORY_FULL', message: /rowsMax/ })
  await tables.rows.put({ id: 2, text: 'again' })
  await tables.transaction((tx) => {
    tx.rows.clear()
    tx.rows.put({ id: 3, text: '' })
  })
  assert.deepEqual(tables.rows.all(), [{ id: 3, text: '' }])
  await assert.rejects(createTables(member, definitions, { rowsMax: 2 ** 24 }), { code: 'OPTION_INVALID' })
})

test('a member that was away too long shows what it missed, and tells its followers to begin anew', async (context) => {
  const cluster = new LocalCluster()
  context.after(() => cluster[Symbol.asyncDispose]())
  const init = { definitions: storeDefinitions(definitions), settings: { suspectAfterMs: 400, logEntriesRetained: 5 } }
  const [one, two] = [await cluster.start('one', init), await cluster.start('two', init)]
  // So that those who stay are the greater part, and go first.
  await cluster.start('three', init)
  const [first, second] = [(await createTables(one, definitions)).tables, (await createTables(two, definitions)).tables]
  const changes = second.rows.changes()
  await changes.next()
  two.isCut = true
  await waitFor(() => first.status.view?.members.length === 2)
  for (let id = 0; id < 30; id += 1) await first.rows.put({ id, text: '' })
  two.isCut = false
  await waitFor(() => second.rows.size === 30)
  const { value } = await changes.next()
  assert.ok(value?.type === 'snapshot')
  assert.equal(value.reason, 'rejoined')
  assert.equal(value.rows.length, 30)
  await waitFor(() => second.status.role === 'member' && !second.status.cutOff)
  await second.rows.put({ id: 30, text: '' })
  assert.equal((await changes.next()).value?.type, 'put')
})

test('durations have a number above 0 and a unit', () => {
  assert.deepEqual(
    ['500ms', '30s', '1.5m', '12h', '7d', 250].map((duration) => durationMs(duration as never, 'ttl')),
    [500, 30_000, 90_000, 43_200_000, 604_800_000, 250],
  )
  for (const wrong of ['', '5', '5 s', '-1s', 'm', 0, -5, Number.NaN, Number.POSITIVE_INFINITY, null, {}]) {
    assert.throws(() => durationMs(wrong as never, 'ttl'), { code: 'OPTION_INVALID' }, String(wrong))
  }
})
