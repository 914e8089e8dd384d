import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, tuple } from '@tiebeam/etf'
import { spawnOptionsOf } from '../../src/process/spawn-options.ts'

const option = (name: string, value: unknown) => tuple(atom(name), value)
const monitorWith = (...details: unknown[]) => option('monitor', details)

test('link and monitor are read, in every form', () => {
  assert.deepEqual(spawnOptionsOf([]), { link: false, monitor: false })
  assert.deepEqual(spawnOptionsOf([atom('link')]), { link: true, monitor: false })
  assert.deepEqual(spawnOptionsOf([atom('monitor'), atom('link'), atom('monitor')]), { link: true, monitor: true })
  const detailed = monitorWith(option('tag', 'any term'), option('alias', atom('reply_demonitor')))
  assert.deepEqual(spawnOptionsOf([detailed]), { link: false, monitor: true })
  assert.deepEqual(spawnOptionsOf([monitorWith()]), { link: false, monitor: true })
})

test('options that tune a process of the BEAM are taken when they are right', () => {
  const tuning = [
    option('priority', atom('high')),
    option('async_dist', true),
    option('message_queue_data', atom('off_heap')),
    option('min_heap_size', 1000),
    option('max_heap_size', { size: 1000 }),
    option('max_heap_size', new Map()),
    option('min_bin_vheap_size', 0),
    option('fullsweep_after', 10),
    option('scheduler', 1),
  ]
  assert.deepEqual(spawnOptionsOf(tuning), { link: false, monitor: false })
})

test('what OTP answers with badopt is told apart', () => {
  const bad: unknown[] = [
    atom('unlink'),
    'link',
    null,
    undefined,
    7,
    tuple(atom('link'), true),
    tuple(atom('monitor')),
    option('monitor', atom('alias')),
    monitorWith(option('alias', atom('sometimes'))),
    monitorWith(atom('tag')),
    option('priority', atom('highest')),
    option('priority', 'high'),
    option('async_dist', atom('yes')),
    option('min_heap_size', -1),
    option('fullsweep_after', 1.5),
    option('scheduler', 'any'),
    // A matter of the requesting node, which never sends them.
    option('reply', atom('no')),
    option('reply_tag', atom('tag')),
    tuple('priority', atom('high')),
    tuple(),
  ]
  for (const each of bad) assert.equal(spawnOptionsOf([atom('link'), each]), undefined, String(each))
})
