import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, random } from '@tiebeam/testing'
import { exactly } from '../../src/store/read.ts'
import { Store } from '../../src/store/store.ts'
import type { Write } from '../../src/store/write.ts'

const definitions = {
  people: { ordered: true, indexes: { city: { fields: ['city'] }, cityAndName: { fields: ['city', 'name'] } } },
}

function put(key: number, row: Record<string, unknown>, ttlMs?: number): Write {
  return { type: 'put', table: 'people', key, row, ...(ttlMs === undefined ? {} : { ttlMs }) }
}

function keysOf(found: Iterable<{ readonly key: unknown }> | undefined): unknown[] {
  return [...(found ?? [])].map(({ key }) => key)
}

test('rows are found by index while they have the value, and by no value that they had before', () => {
  const store = new Store(definitions)
  store.apply(put(2, { city: 'Bonn', name: 'Ada' }), 0)
  store.apply(put(1, { city: 'Bonn', name: 'Bo' }), 0)
  store.apply(put(3, { name: 'nowhere' }), 0)
  assert.deepEqual(keysOf(store.find('people', 'city', exactly('Bonn'))), [1, 2])
  store.apply(put(1, { city: 'Rome', name: 'Bo' }), 0)
  assert.deepEqual(keysOf(store.find('people', 'city', exactly('Bonn'))), [2])
  assert.deepEqual(keysOf(store.find('people', 'city', exactly('Rome'))), [1])
  store.apply({ type: 'delete', table: 'people', key: 2 }, 0)
  assert.deepEqual(keysOf(store.find('people', 'city', exactly('Bonn'))), [])
  assert.deepEqual(keysOf(store.find('people', 'cityAndName', exactly(['Rome', 'Bo']))), [1])
  assert.equal(store.find('people', 'age', exactly(1)), undefined, 'there is no such index')
})

test('clear empties a table, its order and its indexes, and leaves others alone', () => {
  const store = new Store(definitions)
  store.apply(put(1, { city: 'Bonn' }), 0)
  store.apply({ type: 'put', table: 'unknown', key: 'x', row: { value: 1 } }, 0)
  store.apply({ type: 'clear', table: 'people' }, 0)
  assert.equal(store.size('people'), 0)
  assert.deepEqual(keysOf(store.range('people', {})), [])
  assert.deepEqual(keysOf(store.find('people', 'city', exactly('Bonn'))), [])
  assert.deepEqual(store.get('unknown', 'x'), { value: 1 }, 'tables that this release does not know are kept')
})

test('a row expires after its time since it was last written, and is told of until it is deleted', () => {
  const store = new Store(definitions)
  store.apply(put(1, {}, 100), 0)
  store.apply(put(2, {}, 100), 0)
  store.apply(put(2, {}, 100), 60)
  assert.deepEqual(keysOf(store.takeExpired(99, 10, 50)), [])
  assert.deepEqual(keysOf(store.takeExpired(100, 10, 50)), [1])
  assert.deepEqual(keysOf(store.takeExpired(149, 10, 50)), [], 'not again at once')
  assert.deepEqual(keysOf(store.takeExpired(160, 10, 50)), [1, 2])
  store.apply({ type: 'delete', table: 'people', key: 1 }, 170)
  store.apply(put(2, {}), 170)
  assert.deepEqual(keysOf(store.takeExpired(1000, 10, 50)), [], 'deleted, and written without a time')
})

test('a row that is deleted and written again and again is looked at once for each time that is due', () => {
  const store = new Store()
  for (let count = 0; count < 50; count += 1) {
    store.apply(put(1, {}, 100), count)
    store.apply({ type: 'delete', table: 'people', key: 1 }, count)
  }
  store.apply(put(1, {}, 100), 50)
  assert.deepEqual(keysOf(store.takeExpired(149, 10, 1000)), [])
  assert.deepEqual(keysOf(store.takeExpired(150, 10, 1000)), [1])
})

test('a snapshot taken while writes go on is the same as the rows, once those writes are applied to it', () => {
  const dice = random()
  const write = (): Write => {
    const key = dice.integer(40)
    if (dice.chance(0.02)) return { type: 'clear', table: 'people' }
    if (dice.chance(0.3)) return { type: 'delete', table: 'people', key }
    return put(key, { city: dice.integer(5), value: dice.uint32() })
  }
  for (let round = 0; round < cases(2000); round += 1) {
    const store = new Store(definitions)
    for (let count = dice.integer(60); count > 0; count -= 1) store.apply(write(), 0)
    const copy = new Store(definitions)
    const missed: Write[] = []
    for (const row of store.rows(0)) {
      copy.load(row, 0)
      if (!dice.chance(0.5)) continue
      missed.push(write())
      store.apply(missed.at(-1) as Write, 0)
    }
    for (const one of missed) copy.apply(one, 0)
    assert.deepEqual([...copy.range('people', {})], [...store.range('people', {})])
    for (let city = 0; city < 5; city += 1) {
      assert.deepEqual(copy.find('people', 'city', exactly(city)), store.find('people', 'city', exactly(city)))
    }
  }
})
