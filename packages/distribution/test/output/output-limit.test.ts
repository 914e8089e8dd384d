import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutputLimit } from '../../src/output/output-limit.ts'

const waiting = (otherBytes: number, bulkBytes = 0) => ({ otherBytes, bulkBytes })

test('small messages are taken up to the limit', () => {
  const limit = new OutputLimit(1_000)
  assert.equal(limit.takes(10, false, waiting(990)), true)
  assert.equal(limit.takes(11, false, waiting(990)), false)
})

test('bulk leaves a quarter to the small messages of others, however much of it waits', () => {
  const limit = new OutputLimit(1_000)
  assert.equal(limit.takes(750, true, waiting(0)), true)
  assert.equal(limit.takes(100, true, waiting(0, 700)), false)
  assert.equal(limit.takes(250, false, waiting(0, 50_000)), true)
  assert.equal(limit.takes(251, false, waiting(0, 50_000)), false)
})

test('a message longer than all bulk may be is taken when output is low', () => {
  const limit = new OutputLimit(1_000)
  assert.equal(limit.takes(5_000, true, waiting(250)), true)
  assert.equal(limit.takes(5_000, true, waiting(251)), false)
})

test('output has drained when it is low and what was refused would be taken', () => {
  const limit = new OutputLimit(1_000)
  assert.equal(limit.isDrained(waiting(250)), true)
  assert.equal(limit.isDrained(waiting(251)), false)
  assert.equal(limit.takes(700, true, waiting(200, 100)), false)
  assert.equal(limit.isDrained(waiting(100)), false)
  assert.equal(limit.isDrained(waiting(50)), true)
  limit.drained()
  assert.equal(limit.isDrained(waiting(100)), true)
})
