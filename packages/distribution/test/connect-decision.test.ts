import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideCaller, yields } from '../src/connect-decision.ts'

const lesser = 'a@10.0.0.1'
const greater = 'b@10.0.0.1'

test('of two attempts that cross, the one of the greater name stands, on both sides', () => {
  const input = { connected: false, attempt: 'handshaking' as const }
  assert.equal(decideCaller({ ...input, ownName: greater, callerName: lesser }), 'nok')
  assert.equal(decideCaller({ ...input, ownName: lesser, callerName: greater }), 'ok_simultaneous')
})

test('a caller is asked whether the connection that stands is dead', () => {
  for (const attempt of ['none', 'locating', 'waiting'] as const) {
    assert.equal(decideCaller({ ownName: greater, callerName: lesser, connected: true, attempt }), 'alive')
  }
})

test('of two attempts to replace the connection that stands, the one of the greater name stands', () => {
  const input = { connected: true, attempt: 'handshaking' as const }
  assert.equal(decideCaller({ ...input, ownName: greater, callerName: lesser }), 'nok')
  assert.equal(decideCaller({ ...input, ownName: lesser, callerName: greater }), 'alive')
})

test('an attempt of which the caller has not heard gives way', () => {
  assert.equal(decideCaller({ ownName: greater, callerName: lesser, connected: false, attempt: 'locating' }), 'ok')
  assert.equal(yields('locating'), true)
  for (const attempt of ['none', 'handshaking', 'waiting'] as const) assert.equal(yields(attempt), false)
  for (const attempt of ['none', 'waiting'] as const) {
    assert.equal(decideCaller({ ownName: greater, callerName: lesser, connected: false, attempt }), 'ok')
  }
})
