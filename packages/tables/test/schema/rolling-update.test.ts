import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '@tiebeam/testing'
import { orderedTable, storeDefinitions, table } from '../../src/api/definition.ts'
import type { Definitions } from '../../src/api/table.ts'
import { createTables, type Tables } from '../../src/api/tables.ts'
import { LocalCluster } from '../api/local-cluster.ts'

interface OldPerson {
  readonly id: string
  readonly email: string
}

interface Person extends OldPerson {
  readonly nick?: string
}

interface Note {
  readonly number: number
}

const older = { people: table<OldPerson>()({ key: 'id' }) }
const newer = {
  people: table<Person>()({ key: 'id', indexes: ['nick', { fields: ['email'], unique: true }] }),
  notes: orderedTable<Note>()({ key: 'number' }),
}

async function open<Defined extends Definitions>(
  cluster: LocalCluster,
  node: string,
  definitions: Defined,
): Promise<Tables<Defined>> {
  const member = await cluster.start(node, { definitions: storeDefinitions(definitions) })
  return (await createTables(member, definitions)).tables
}

test('old and new releases run side by side, and a new unique index is enforced when all members know it', async (context) => {
  const cluster = new LocalCluster()
  context.after(() => cluster[Symbol.asyncDispose]())
  const old = await open(cluster, 'old', older)
  await old.people.put({ id: 'a', email: 'same' })
  const first = await open(cluster, 'first', newer)
  await first.people.put({ id: 'b', email: 'other', nick: 'bo' })
  await first.notes.put({ number: 2 })
  await first.notes.put({ number: 1 })
  assert.deepEqual(
    first.people.where('nick', 'bo').map(({ id }) => id),
    ['b'],
  )
  assert.deepEqual(first.status.waiting, [{ table: 'people', index: 'email', reason: 'not known to old' }])
  // Fields that the old release does not know stay, as long as it copies the row.
  await old.sync()
  await old.people.update('b', (row) => row && { ...row, email: 'mine' })
  await old.people.put({ id: 'c', email: 'same' })
  await first.sync()
  assert.equal(first.people.get('b')?.nick, 'bo')

  const second = await open(cluster, 'second', newer)
  assert.deepEqual(second.notes.all(), [{ number: 1 }, { number: 2 }])
  cluster.kill('old')
  await waitFor(() => second.status.view?.members.length === 2 && !second.status.cutOff)
  assert.deepEqual(second.status.waiting, [{ table: 'people', index: 'email', reason: 'several rows have same' }])
  await second.people.put({ id: 'd', email: 'same' })
  await second.people.delete('c')
  await second.people.delete('d')
  await waitFor(() => second.status.waiting.length === 0 && first.status.waiting.length === 0)
  await assert.rejects(second.people.put({ id: 'e', email: 'same' }), { code: 'UNIQUE_VIOLATED' })

  // Rolled back: what is enforced stays enforced, also by a release that does not know it.
  const back = await open(cluster, 'back', older)
  await assert.rejects(back.people.put({ id: 'e', email: 'same' }), { code: 'UNIQUE_VIOLATED' })
  await back.people.put({ id: 'e', email: 'free' })
})

test('a table that is opened with another definition is refused with the reason, in this process and elsewhere', async (context) => {
  const cluster = new LocalCluster()
  context.after(() => cluster[Symbol.asyncDispose]())
  await open(cluster, 'one', newer)
  const bags = { people: orderedTable<OldPerson>()({ key: 'email' }) }
  await assert.rejects(open(cluster, 'two', bags), {
    code: 'SCHEMA_INCOMPATIBLE',
    message: /people is defined as an ordered table here, and is a table without order in the cluster/,
  })
  const one = cluster.members.get('one')
  assert.ok(one !== undefined)
  await assert.rejects(createTables(one, bags), { code: 'SCHEMA_INCOMPATIBLE' })
  for (const name of ['', '$schema', 'transaction', 'status']) {
    await assert.rejects(createTables(one, { [name]: older.people }), { code: 'OPTION_INVALID' })
  }
  await assert.rejects(createTables(one, { people: { key: 'id' } as never }), { code: 'OPTION_INVALID' })
})

test('an index that is added to a large table is filled bit by bit, and read all the same; a unique one waits for it', async (context) => {
  const cluster = new LocalCluster()
  context.after(() => cluster[Symbol.asyncDispose]())
  const member = await cluster.start('one', { settings: { filledRowsMax: 1000 } })
  const { tables: old } = await createTables(member, older)
  await old.transaction(({ people }) => {
    for (let number = 0; number < 6000; number += 1) people.put({ id: `id ${number}`, email: `email ${number}` })
  })
  const { tables } = await createTables(member, newer)
  const indexes = member.copy?.store.table('people')
  assert.equal(indexes?.isFilling, true)
  assert.deepEqual(tables.status.waiting, [
    { table: 'people', index: 'email', reason: 'its rows are still put into it' },
  ])
  assert.deepEqual(tables.people.where('email', 'email 5990'), [{ id: 'id 5990', email: 'email 5990' }])
  assert.deepEqual(await tables.transaction(({ people }) => people.where('email', 'email 7').map(({ id }) => id)), [
    'id 7',
  ])
  // No write comes that would give occasion.
  await waitFor(() => tables.status.waiting.length === 0)
  assert.equal(indexes.isFilling, false)
  await assert.rejects(tables.people.put({ id: 'another', email: 'email 5990' }), { code: 'UNIQUE_VIOLATED' })
})

test('a unique index that is put into force while a second row of a value is under way waits until one is gone', async (context) => {
  for (let round = 0; round < 10; round += 1) {
    const cluster = new LocalCluster()
    context.after(() => cluster[Symbol.asyncDispose]())
    const definitions = storeDefinitions(older)
    const primary = await cluster.start('primary', { definitions })
    const backup = await cluster.start('backup', { definitions })
    const old = (await createTables(backup, older)).tables
    for (const id of ['one', 'two']) await old.people.put({ id, email: 'same' })
    const { people } = (await createTables(backup, newer)).tables
    const at = (await createTables(primary, newer)).tables
    const isWaiting = () => at.status.waiting.length > 0
    assert.deepEqual(at.status.waiting, [{ table: 'people', index: 'email', reason: 'several rows have same' }])
    // With the end of the second row it can be put into force, and there comes another one.
    const deleting = people.delete('two')
    for (let turn = 0; turn < round % 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([deleting, people.put({ id: 'three', email: 'same' })])
    const rows = () => at.people.where('email', 'same').length
    await waitFor(() => rows() === 2 && isWaiting(), { what: () => `${rows()} rows; waiting: ${isWaiting()}` })
    await people.delete('three')
    await waitFor(() => !isWaiting())
    await assert.rejects(people.put({ id: 'four', email: 'same' }), { code: 'UNIQUE_VIOLATED' })
    await cluster[Symbol.asyncDispose]()
  }
})
