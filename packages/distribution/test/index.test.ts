import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packageName } from '../src/index.ts'

test('the package builds and its tests reach its sources', () => {
  assert.equal(packageName, '@tiebeam/distribution')
})
