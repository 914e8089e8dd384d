import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DistributionError, isNodeName, parseNodeName } from '../src/index.ts'
import { isPeerName } from '../src/node-name.ts'

test('a long name has a host with a dot, or an IP address', () => {
  for (const name of [
    'web@10.0.0.7',
    'web_1-a@db.example.org',
    'a@::1',
    'a@fe80::1',
    'a@10-0-0-7.ns.pod.cluster.local',
  ]) {
    const at = name.indexOf('@')
    assert.deepEqual(parseNodeName(name), { name, base: name.slice(0, at), host: name.slice(at + 1) })
  }
})

test('a short name has a host without a dot', () => {
  assert.equal(parseNodeName('web@db', { shortNames: true }).host, 'db')
  assert.throws(() => parseNodeName('web@db.example.org', { shortNames: true }), /first label/)
  assert.throws(() => parseNodeName('web@db'), /set shortNames/)
})

test('what is not a name is refused with advice', () => {
  for (const [name, advice] of [
    ['web', /base@host/],
    ['', /base@host/],
    ['a@b.c@d.e', /base@host/],
    ['@10.0.0.7', /before the @/],
    ['we b@10.0.0.7', /before the @/],
    ['wéb@10.0.0.7', /before the @/],
    ['web@', /after the @/],
    ['web@exam ple.org', /after the @/],
    ['web@[::1]', /without brackets/],
    [`${'w'.repeat(250)}@10.0.0.7`, /255 characters/],
  ] as const) {
    assert.throws(
      () => parseNodeName(name),
      (error) => error instanceof DistributionError && error.code === 'NODE_NAME_INVALID' && advice.test(error.message),
      name,
    )
    assert.equal(isNodeName(name), false)
  }
})

test('a peer may have a name that we would not take, but not one that is none', () => {
  assert.ok(isPeerName('sql.1@db'))
  for (const name of ['db', '@db', 'a@', 'a@b@c', 'a\n@b', 'a@b c', `${'a'.repeat(255)}@b`])
    assert.ok(!isPeerName(name), name)
})
