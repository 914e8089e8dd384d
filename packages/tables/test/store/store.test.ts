import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@tiebeam/etf'
import { cases, random } from '@tiebeam/testing'
import type { Key } from '../../src/store/key.ts'
import { exactly } from '../../src/store/read.ts'
import { schemaRow } from '../../src/store/schema-row.ts'
import { Store } from '../../src/store/store.ts'
import type { KeyedRow } from '../../src/store/table.ts'
import type { Row, Write } from '../../src/store/write.ts'

const definitions = {
  people: { ordered: true, indexes: { city: { fields: ['city'] }, cityAndName: { fields: ['city', 'name'] } } },
}

function put(key: number, row: Record<string, unknown>, ttlMs?: number): Write {
  return { type: 'put', table: 'people', key, row, ...(ttlMs === undefined ? {} : { ttlMs }) }
}

/** What a release says that knows the order and the indexes. */
const schema: Write = {
  type: 'put',
  table: '$schema',
  key: 'people',
  row: schemaRow({
    table: 'people',
    kind: 'ordered',
    key: ['id'],
    ordered: true,
    indexes: {
      city: { fields: ['city'], unique: 'no', knownBy: [] },
      cityAndName: { fields: ['city', 'name'], unique: 'no', knownBy: [] },
    },
  }),
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

test('an order and indexes that a large table is given later find the same while they are filled, whatever is written meanwhile', () => {
  const dice = random()
  const write = (): Write => {
    const key = dice.integer(9000)
    if (dice.chance(0.3)) return { type: 'delete', table: 'people', key }
    return put(key, dice.chance(0.1) ? {} : { city: dice.integer(2000), name: dice.integer(2) })
  }
  for (let round = 0; round < cases(20); round += 1) {
    const [given, later] = [new Store(definitions), new Store()]
    const apply = (one: Write): void => {
      for (const store of [given, later]) store.apply(one, 0)
    }
    for (let count = 0; count < 16_000; count += 1) apply(write())
    apply(schema)
    assert.equal(later.table('people').isFilling, true)
    assert.equal(later.table('people').index('city')?.hasShared, undefined, 'not known yet')
    for (let isFilled = false; !isFilled; ) {
      for (let count = dice.integer(200); count > 0; count -= 1) apply(write())
      if (dice.chance(0.01)) apply({ type: 'clear', table: 'people' })
      isFilled = later.fill(1 + dice.integer(3000)) || !later.table('people').isFilling
      const from = { key: dice.integer(2000), inclusive: dice.chance(0.5) }
      const to = { key: from.key + dice.integer(20), inclusive: dice.chance(0.5) }
      for (const isReverse of [false, true]) {
        assert.deepEqual(
          keysOf(later.range('people', { from, to }, isReverse)),
          keysOf(given.range('people', { from, to }, isReverse)),
        )
        const [found, expected] = [later, given].map((store) => [
          ...(store.table('people').index('city')?.find({ from, to }, isReverse) ?? []),
        ])
        assert.deepEqual(found, expected)
      }
      const both = exactly([from.key, 1])
      assert.deepEqual(later.find('people', 'cityAndName', both), given.find('people', 'cityAndName', both))
    }
    assert.deepEqual([...later.range('people', {})], [...given.range('people', {})])
    for (const index of ['city', 'cityAndName']) {
      assert.deepEqual(later.find('people', index, {}), given.find('people', index, {}))
      assert.equal(later.table('people').index(index)?.hasShared, given.table('people').index(index)?.hasShared)
    }
  }
})

test('a snapshot begins with what the tables are, so that its rows go straight into their indexes', () => {
  const store = new Store()
  for (let key = 0; key < 6000; key += 1) store.apply(put(key, { city: key }), 0)
  store.apply(schema, 0)
  const copy = new Store()
  for (const row of store.rows(0)) copy.load(row, 0)
  assert.equal(copy.table('people').isFilling, false)
  assert.deepEqual(keysOf(copy.find('people', 'city', exactly(7))), [7])
})

test('the rows that are told of as over are those whose time is over, of each table, whatever was written before', () => {
  const dice = random()
  for (let round = 0; round < cases(500); round += 1) {
    const store = new Store()
    const expiresMs = new Map<string, number>()
    let nowMs = 0
    for (let count = 0; count < 300; count += 1) {
      nowMs += dice.integer(20)
      const [table, key] = [dice.pick(['one', 'other']), dice.integer(30)]
      const ttlMs = dice.chance(0.8) ? 1 + dice.integer(400) : undefined
      expiresMs.delete(`${table} ${key}`)
      if (dice.chance(0.02)) {
        store.apply({ type: 'clear', table }, nowMs)
        for (const name of [...expiresMs.keys()]) if (name.startsWith(table)) expiresMs.delete(name)
      } else if (dice.chance(0.3)) store.apply({ type: 'delete', table, key }, nowMs)
      else {
        store.apply({ type: 'put', table, key, row: {}, ...(ttlMs === undefined ? {} : { ttlMs }) }, nowMs)
        if (ttlMs !== undefined) expiresMs.set(`${table} ${key}`, nowMs + ttlMs)
      }
      if (dice.chance(0.7)) continue
      const expired = store.takeExpired(nowMs, 1000, 1)
      const expected = [...expiresMs].filter(([, atMs]) => atMs <= nowMs).map(([name]) => name)
      assert.deepEqual(expired.map((name) => `${name.table} ${name.key}`).sort(), expected.sort())
      for (const name of expired) {
        store.apply({ type: 'delete', ...name }, nowMs)
        expiresMs.delete(`${name.table} ${name.key}`)
      }
    }
  }
})

test('of many rows whose time is over, a bounded number is told of at once, and no table waits for another', () => {
  const store = new Store()
  for (const table of ['many', 'few']) {
    for (let key = 0; key < (table === 'many' ? 5000 : 10); key += 1) {
      store.apply({ type: 'put', table, key, row: {}, ttlMs: table === 'many' ? 10 : 20 }, 0)
    }
  }
  const expired = store.takeExpired(100, 100, 1000)
  assert.equal(expired.length, 60)
  assert.equal(expired.filter(({ table }) => table === 'few').length, 10)
})

test('rows are found by their keys, whether the rows hold them, hold them only now and then, or hold others', () => {
  const dice = random()
  const parts = ['a', 'b', '\u0000a', 1, 2n, true] as const
  for (let round = 0; round < cases(300); round += 1) {
    const fields = dice.pick([['id'], ['id', 'part']])
    const table = dice.pick(['defined', 'undefined'])
    const store = new Store({ defined: { key: fields, indexes: { value: { fields: ['value'] } } } })
    const expected = new Map<string, { readonly key: Key; readonly row: Row }>()
    for (let count = 0; count < 60; count += 1) {
      const [id, part, other] = [dice.pick(parts), dice.pick(parts), dice.pick(parts)]
      const key: Key = fields.length === 1 ? id : [id, part]
      const row: Row = { value: dice.integer(3), id: dice.chance(0.8) ? id : other, part }
      if (dice.chance(0.2)) {
        store.apply({ type: 'delete', table, key }, 0)
        expected.delete(nameOf(key))
      } else {
        // As they come from another node: nothing of the key is the same object as what is in the row.
        store.apply(decode(encode({ type: 'put', table, key, row })) as Write, 0)
        expected.set(nameOf(key), { key, row })
      }
    }
    const rows = [...expected.values()]
    const sorted = (found: Iterable<KeyedRow> | undefined): string[] =>
      Array.from(found ?? [], ({ key, row }) => `${nameOf(key)} ${nameOf([row.id, row.part, row.value] as Key)}`).sort()
    assert.deepEqual(sorted(store.rows(0)), sorted(rows))
    assert.deepEqual(sorted(store.range(table, {})), sorted(rows))
    for (const { key, row } of rows) assert.deepEqual(store.get(table, key), row)
    if (table === 'undefined') continue
    assert.deepEqual(sorted(store.find(table, 'value', exactly(1))), sorted(rows.filter(({ row }) => row.value === 1)))
  }
})

function nameOf(key: Key): string {
  return Array.isArray(key) ? `[${key.map(nameOf).join()}]` : `${typeof key} ${String(key)}`
}
