import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exactly, type Read, touches } from '../../src/store/read.ts'
import type { Write } from '../../src/store/write.ts'

const put: Write = { type: 'put', table: 'people', key: 5, row: { city: 'Bonn', age: 30 } }
const remove: Write = { type: 'delete', table: 'people', key: 5 }

function range(from: number, to: number): Read {
  return {
    type: 'range',
    table: 'people',
    range: { from: { key: from, inclusive: true }, to: { key: to, inclusive: false } },
  }
}

function index(fields: readonly string[], value: string | readonly [string, number]): Read {
  return { type: 'index', table: 'people', fields, range: exactly(value) }
}

test('a write touches the reads of its row, found or not, and of the ranges that its key lies in', () => {
  for (const write of [put, remove]) {
    assert.ok(touches(write, { type: 'row', table: 'people', key: 5 }))
    assert.ok(touches(write, range(5, 6)))
    assert.ok(!touches(write, { type: 'row', table: 'people', key: 6 }))
    assert.ok(!touches(write, range(1, 5)), 'the end is not in the range')
    assert.ok(!touches(write, { type: 'row', table: 'animals', key: 5 }))
  }
})

test('a row that is written touches the look-ups in an index that would find it now', () => {
  assert.ok(touches(put, index(['city'], 'Bonn')))
  assert.ok(touches(put, index(['city', 'age'], ['Bonn', 30])))
  assert.ok(!touches(put, index(['city'], 'Rome')))
  assert.ok(!touches(put, index(['street'], 'Bonn')), 'it has no such field')
  assert.ok(!touches(remove, index(['city'], 'Bonn')), 'rows that were found are reads of their own')
})

test('to clear a table touches all that was read of it', () => {
  const clear: Write = { type: 'clear', table: 'people' }
  assert.ok(touches(clear, range(1, 2)))
  assert.ok(touches(clear, index(['city'], 'Rome')))
})
