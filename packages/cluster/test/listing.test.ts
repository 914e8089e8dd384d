import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressFamily, canonicalAddress } from '../src/address.ts'
import { candidates, noSearch, parseSearchRules } from '../src/dns/resolv-conf.ts'
import { sift } from '../src/formation/listing.ts'
import { addressesOfNodes } from '../src/strategies/families.ts'

const self = 'app@10.0.0.1'
const selfAddresses = new Set(['10.0.0.1'])

test('own name, repetitions and what is no node name are left out', () => {
  const sifted = sift(['app@10.0.0.2', self, 'app@10.0.0.2', 'nonsense', 'a@b@c.d', 7, 'app@10.0.0.3'], {
    self,
    selfAddresses,
    namesMax: 10,
  })
  assert.deepEqual(sifted.names, ['app@10.0.0.2', 'app@10.0.0.3'])
  assert.deepEqual([sifted.rejectedCount, sifted.rejected], [3, ['nonsense', 'a@b@c.d', '7']])
})

test('our own address under another spelling, or under our host name, is recognised', () => {
  const six = sift(['app@FD00:0::1', 'app@fd00::2'], {
    self: 'app@fd00::1',
    selfAddresses: new Set(['fd00::1']),
    namesMax: 10,
  })
  assert.deepEqual(six.names, ['app@fd00::2'])
  const host = sift(['app@10.0.0.1', 'other@10.0.0.1'], { self: 'app@pod-1.svc', selfAddresses, namesMax: 10 })
  assert.deepEqual(host.names, ['other@10.0.0.1'])
})

test('of thousands of names every node leaves out the same ones', () => {
  const names = Array.from({ length: 5000 }, (_, index) => `app@10.1.${index >> 8}.${index & 255}`)
  const one = sift(names, { self, selfAddresses, namesMax: 1000 })
  const other = sift([...names].reverse(), { self, selfAddresses, namesMax: 1000 })
  assert.equal(one.names.length, 1000)
  assert.equal(one.surplusCount, 4000)
  assert.deepEqual(one.names, other.names)
})

test('a node with short names takes short names only', () => {
  const sifted = sift(['b@host', 'b@host.example'], { self: 'a@host', selfAddresses: new Set(), namesMax: 10 })
  assert.deepEqual(sifted.names, ['b@host'])
})

test('an address has one canonical spelling', () => {
  assert.equal(canonicalAddress('FD00:0:0::0001'), 'fd00::1')
  assert.equal(canonicalAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(canonicalAddress('::ffff:10.0.0.1'), '10.0.0.1')
  assert.equal(canonicalAddress('10.0.0.1'), '10.0.0.1')
  assert.equal(canonicalAddress('host.example'), undefined)
  assert.deepEqual(['10.0.0.1', '::1', 'host'].map(addressFamily), [4, 6, undefined])
})

test('short service names are completed as the C library does it', () => {
  const pod = parseSearchRules(
    'nameserver 10.96.0.10\nsearch ns.svc.cluster.local svc.cluster.local cluster.local.\noptions ndots:5 timeout:1\n',
  )
  assert.deepEqual(pod, { search: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local'], ndots: 5 })
  assert.deepEqual(candidates('app', pod), [
    'app.ns.svc.cluster.local',
    'app.svc.cluster.local',
    'app.cluster.local',
    'app',
  ])
  assert.deepEqual(candidates('app.ns.svc.cluster.local.', pod), ['app.ns.svc.cluster.local'])
  assert.equal(candidates('a.b.c.d.e.f', pod)[0], 'a.b.c.d.e.f')
  assert.deepEqual(candidates('app', noSearch), ['app'])
})

test('resolv.conf may hold comments, repeated lines and nonsense', () => {
  assert.deepEqual(parseSearchRules('# search no\nsearch a b ; c\nsearch d\ndomain e f\noptions ndots:99 ndots:x\n'), {
    search: ['e'],
    ndots: 15,
  })
  assert.deepEqual(parseSearchRules(''), { search: [], ndots: 1 })
})

test('a dual-stack service names each pod once, by the family of our own name', () => {
  const found = { 4: ['10.0.0.1', '10.0.0.2'], 6: ['fd00::1', 'fd00::2'] }
  const localAddresses = ['10.0.0.1', 'fd00::1']
  assert.deepEqual(addressesOfNodes(found, { ownHost: '10.0.0.1', localAddresses }), found[4])
  assert.deepEqual(addressesOfNodes(found, { ownHost: 'fd00::1', localAddresses }), found[6])
  // Records of both families that are not the same pods: all of them are nodes.
  assert.deepEqual(addressesOfNodes({ 4: ['10.0.0.1'], 6: ['fd00::2'] }, { ownHost: '10.0.0.1', localAddresses }), [
    '10.0.0.1',
    'fd00::2',
  ])
  assert.equal(addressesOfNodes(found, { ownHost: 'pod-1.svc', localAddresses }).length, 4)
})
