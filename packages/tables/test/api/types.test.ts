import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bag, counter, orderedTable, table } from '../../src/api/definition.ts'
import type { Frozen } from '../../src/api/row-types.ts'
import type { Tables } from '../../src/api/tables.ts'

interface Person {
  readonly id: number
  readonly name: string
  readonly email?: string
  tags: string[]
}

const definitions = {
  people: table<Person>()({
    key: 'id',
    indexes: ['name', { fields: ['email'], unique: true }, { fields: ['name', 'id'] }],
  }),
  short: table<Person>({ key: 'id', indexes: ['name'], ttl: '30m' }),
  ordered: orderedTable<Person>()({ key: ['name', 'id'] }),
  bags: bag<Person>()({ key: 'name' }),
  counters: counter<number>(),
}

/** Never called: that it compiles is the test, and that each line below `@ts-expect-error` would not. */
export async function compiles({ people, short, ordered, bags, counters, transaction }: Tables<typeof definitions>) {
  const person: Frozen<Person> | undefined = people.get(1)
  await people.put({ id: 1, name: 'Ada', tags: [] })
  await people.put({ ...(person as Frozen<Person>), email: 'a@b' })
  people.where('name', 'Ada')
  people.where('email', { gte: 'a' })
  people.where('name+id', ['Ada', 1])
  people.where('name+id', { gte: ['Ada'] })
  // @ts-expect-error the key is a number
  people.get('1')
  // @ts-expect-error a row lacks a field
  await people.put({ id: 1, name: 'Ada' })
  // @ts-expect-error a field of another type
  await people.put({ id: '1', name: 'Ada', tags: [] })
  // @ts-expect-error a field that rows do not have
  await people.put({ id: 1, name: 'Ada', tags: [], age: 36 })
  // @ts-expect-error there is no such index
  people.where('tags', 'a')
  // @ts-expect-error the index holds strings
  people.where('name', 1)
  // @ts-expect-error the parts are in another order
  people.where('name+id', [1, 'Ada'])
  // @ts-expect-error a table without order has no ranges
  people.range({})
  // @ts-expect-error what is read is a value
  if (person !== undefined) person.tags.push('a')
  // @ts-expect-error an update gives a row
  await people.update(1, (row) => row?.name)

  short.get(1)
  short.where('name', 'Ada')
  // @ts-expect-error nothing in a row that could be its key has this type
  short.get(true)
  // @ts-expect-error the index holds strings
  short.where('name', 1)

  ordered.range({ gte: ['Ada'], lt: ['Bo', 3] })
  ordered.get(['Ada', 1])
  // @ts-expect-error half a key
  ordered.get(['Ada'])
  // @ts-expect-error the parts are in another order
  ordered.get([1, 'Ada'])

  const found: Frozen<Person>[] = bags.get('Ada')
  found.at(0)
  const sum: number = await counters.increment(7)
  sum.toFixed()
  // @ts-expect-error keys of these counters are numbers
  await counters.increment('seven')

  const name: string | undefined = await transaction((tx) => {
    tx.people.put({ id: 1, name: 'Ada', tags: [] })
    // @ts-expect-error within a transaction a wrong row is wrong as well
    tx.people.put({ id: 1 })
    return tx.people.get(1)?.name
  })
  return name
}

/** Never called either. */
export function defines() {
  // @ts-expect-error there is no such field
  table<Person>()({ key: 'age' })
  // @ts-expect-error a list is no key
  table<Person>()({ key: 'tags' })
  // @ts-expect-error a field that may be missing is no key
  table<Person>()({ key: 'email' })
  // @ts-expect-error a list cannot be indexed
  table<Person>()({ key: 'id', indexes: ['tags'] })
  // @ts-expect-error no such unit
  table<Person>()({ key: 'id', ttl: '5 years' })
}

test('definitions know the fields of keys and indexes, and refuse what the compiler could not', () => {
  assert.deepEqual(definitions.people.key, ['id'])
  assert.deepEqual(Object.keys(definitions.people.indexes), ['name', 'email', 'name+id'])
  assert.equal(definitions.short.ttlMs, 1_800_000)
  const wrong: readonly (() => unknown)[] = [
    () => table<Person>()({ key: [] as never }),
    () => table<Person>()({ key: ['id', 'id'] as never }),
    () => table<Person>()({ key: 'id', ttl: -1 }),
    () => table<Person>()({ key: 'id', indexes: ['name', { fields: ['id'], name: 'name' }] }),
    () => table<Person>()({ key: 'id', indexes: [{ fields: ['id'], name: '$own' }] }),
    () => bag<Person>()({ key: 'id', indexes: [{ fields: ['name'], unique: true }] }),
  ]
  for (const define of wrong) assert.throws(define, { code: 'OPTION_INVALID' }, String(define))
})
