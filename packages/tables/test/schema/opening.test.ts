import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bag, counter, orderedTable, type TableDefinition, table } from '../../src/api/definition.ts'
import { enforced, isKnownByAll, openingOf } from '../../src/schema/opening.ts'
import type { TableSchema } from '../../src/store/schema-row.ts'

interface Person {
  readonly id: string
  readonly email: string
  readonly name: string
}

const plain = table<Person>()({ key: 'id' })
const withIndex = table<Person>()({ key: 'id', indexes: ['name'] })
const withUnique = table<Person>()({ key: 'id', indexes: ['name', { fields: ['email'], unique: true }] })

function open(definition: TableDefinition, known: TableSchema | undefined, node = 'a', nodes = ['a', 'b']) {
  return openingOf({ table: 'people', definition, known, node, nodes })
}

function schemaAfter(...definitions: readonly TableDefinition[]): TableSchema {
  let schema: TableSchema | undefined
  for (const definition of definitions) {
    const opening = open(definition, schema)
    assert.ok(opening.type === 'opened', opening.type === 'incompatible' ? opening.reason : '')
    schema = opening.schema
  }
  assert.ok(schema !== undefined)
  return schema
}

test('whoever opens a table first says what it is, and a unique index of it is enforced at once', () => {
  const schema = schemaAfter(withUnique)
  assert.equal(schema.kind, 'set')
  assert.deepEqual(schema.key, ['id'])
  assert.equal(schema.indexes.email?.unique, 'enforced')
  assert.equal(schema.indexes.name?.unique, 'no')
})

test('a newer release adds indexes, and an older one takes none away', () => {
  const schema = schemaAfter(plain, withIndex, plain)
  assert.deepEqual(schema.indexes, { name: { fields: ['name'], unique: 'no', knownBy: [] } })
})

test('a unique index that is added waits for every node of the view, and for those that come back without it', () => {
  const [older, newer] = [open(withUnique, schemaAfter(plain), 'b'), undefined]
  assert.equal(newer, undefined)
  assert.ok(older.type === 'opened')
  const waiting = older.schema.indexes.email
  assert.deepEqual(waiting, { fields: ['email'], unique: 'waiting', knownBy: ['b'] })
  assert.equal(isKnownByAll(waiting, ['a', 'b']), false)
  const both = open(withUnique, older.schema, 'a')
  assert.ok(both.type === 'opened' && both.schema.indexes.email !== undefined)
  assert.deepEqual(both.schema.indexes.email.knownBy, ['a', 'b'])
  assert.equal(isKnownByAll(both.schema.indexes.email, ['a', 'b']), true)
  assert.equal(isKnownByAll(both.schema.indexes.email, []), false, 'of an unknown view nothing is known')
  const back = open(plain, both.schema, 'b')
  assert.ok(back.type === 'opened')
  assert.deepEqual(back.schema.indexes.email?.knownBy, ['a'])
  const gone = open(withUnique, both.schema, 'c', ['a', 'c'])
  assert.ok(gone.type === 'opened')
  assert.deepEqual(gone.schema.indexes.email?.knownBy, ['a', 'c'])
  assert.deepEqual(enforced(both.schema, 'email').indexes.email, { fields: ['email'], unique: 'enforced', knownBy: [] })
})

test('a definition that contradicts what is known is refused, with the reason', () => {
  const known = schemaAfter(withUnique)
  const cases: readonly [TableDefinition, RegExp][] = [
    [orderedTable<Person>()({ key: 'id' }), /an ordered table here, and is a table without order in the cluster/],
    [bag<Person>()({ key: 'id' }), /a bag here/],
    [counter(), /a counter here/],
    [table<Person>()({ key: 'email' }), /the key email here, and id in the cluster/],
    [table<Person>()({ key: ['id', 'email'] }), /the key id, email here/],
    [
      table<Person>()({ key: 'id', indexes: [{ fields: ['id'], name: 'name' }] }),
      /index name over id here, and over name/,
    ],
    [table<Person>()({ key: 'id', indexes: ['email'] }), /email that is not unique here, and is in the cluster/],
    [
      table<Person>()({ key: 'id', indexes: [{ fields: ['name'], unique: true }] }),
      /name that is unique here, and is not/,
    ],
  ]
  for (const [definition, reason] of cases) {
    const opening = open(definition, known)
    assert.ok(opening.type === 'incompatible')
    assert.match(opening.reason, reason)
  }
})
