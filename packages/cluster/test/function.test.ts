import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromFunction, fromSubscription } from '../src/index.ts'

test('what is no function, no name or no interval is refused', () => {
  const invalid = { code: 'OPTION_INVALID' }
  assert.throws(() => fromFunction('names' as never), invalid)
  assert.throws(() => fromFunction(() => [], { kind: '' }), invalid)
  assert.throws(() => fromFunction(() => [], { pollingIntervalMs: 0 }), invalid)
  assert.throws(() => fromSubscription(undefined as never), invalid)
  assert.throws(() => fromSubscription(() => () => {}, { kind: '' }), invalid)
})
