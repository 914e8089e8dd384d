import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bag, table } from '../../src/api/definition.ts'
import { Keys } from '../../src/api/keys.ts'

interface Tag {
  readonly page: string
  readonly tag: string
  readonly at?: Date
}

test('a row of a bag is kept under the same name in every release, whatever the order of its fields', () => {
  const keys = new Keys('tags', bag<Tag>()({ key: 'page' }))
  const name = keys.keptUnder({ page: 'home', tag: 'red', at: new Date(0) })
  assert.deepEqual(name, ['home', 'LLEP3w+pvL+fHiU+20ia'])
  assert.deepEqual(keys.keptUnder({ at: new Date(0), tag: 'red', page: 'home' }), name)
  assert.notDeepEqual(keys.keptUnder({ page: 'home', tag: 'blue', at: new Date(0) }), name)
})

test('a compound key is a list of its fields, and nothing else', () => {
  const keys = new Keys('tags', table<Tag>()({ key: ['page', 'tag'] }))
  assert.deepEqual(keys.of({ page: 'home', tag: 'red' }), ['home', 'red'])
  assert.deepEqual(keys.check(['home', 'red']), ['home', 'red'])
  for (const wrong of ['home', ['home'], ['home', 'red', 'x'], ['home', null], ['home', ['red']], undefined, {}]) {
    assert.throws(() => keys.check(wrong), { code: 'KEY_INVALID' })
  }
})
