import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from 'tiebeam'
import { Counter } from '../src/counter.ts'

test('the counter counts', async () => {
  // A node of its own, which nobody finds: tests can run beside the app.
  const app = await start({ distribution: 'none', httpPort: 'off', logLevel: 'silent', ownsProcess: false })
  try {
    const counter = await Counter.start(app.node)
    assert.equal(await counter.call('add', 'tea', 2), 2)
    assert.equal(await counter.call('add', 'tea', 1), 3)
    assert.equal(await counter.call('count', 'coffee'), 0)
  } finally {
    await app.stop()
  }
})
