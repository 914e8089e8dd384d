import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OtpError } from '../src/index.ts'

test('an error has a stable code and keeps its cause', () => {
  const cause = new Error('why')
  const error = new OtpError('OPTION_INVALID', 'What to do.', { cause })
  assert.equal(error.code, 'OPTION_INVALID')
  assert.equal(error.cause, cause)
})
