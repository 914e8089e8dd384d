import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressCommand, unbindable } from '../src/loopback.ts'
import { readOptions } from '../src/options.ts'

test('without arguments the demo stays up, on the usual port of EPMD', () => {
  assert.deepEqual(readOptions([], {}), { once: false, stepLimitMs: 60_000, epmdPort: 4369 })
})

test('arguments and ERL_EPMD_PORT are taken as given', () => {
  const options = readOptions(['--once', '--limit', '2.5'], { ERL_EPMD_PORT: '5000' })
  assert.deepEqual(options, { once: true, stepLimitMs: 2500, epmdPort: 5000 })
  assert.equal(readOptions(['--help'], {}), 'help')
})

test('what cannot be meant is refused by its name', () => {
  assert.throws(() => readOptions(['--twice'], {}), /--twice/)
  assert.throws(() => readOptions(['--limit', 'soon'], {}), /--limit soon: give seconds/)
  assert.throws(() => readOptions([], { ERL_EPMD_PORT: '0' }), /ERL_EPMD_PORT=0: give a port/)
})

test('addresses that no program can listen on are found, and one line adds them', async () => {
  // 192.0.2.0/24 is set aside for documentation: no machine has such an address.
  assert.deepEqual(await unbindable(['127.0.0.1', '192.0.2.1']), ['192.0.2.1'])
  assert.equal(
    addressCommand(['127.0.0.2', '127.0.0.3'], 'darwin'),
    'sudo ifconfig lo0 alias 127.0.0.2 up && sudo ifconfig lo0 alias 127.0.0.3 up',
  )
})
