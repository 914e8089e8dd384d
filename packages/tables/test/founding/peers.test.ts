import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareIdentities, identityOf, nextGeneration, yields } from '../../src/founding/identity.ts'
import { isLost, Peers } from '../../src/founding/peers.ts'
import type { View } from '../../src/member.ts'
import type { Hello } from '../../src/wire/hello.ts'

function hello(creation: number, incarnation: number, view?: View): Hello {
  const member = { node: 'app@a', creation, uid: `${creation}.${incarnation}` }
  return { name: 'default', kind: 'members', member, incarnation, view }
}

const original = identityOf({ generation: 0, atMs: 1000, uid: 'a' })
const younger = identityOf({ generation: 0, atMs: 2000, uid: 'b' })
const twin = identityOf({ generation: 0, atMs: 1000, uid: 'b' })
const afterReset = identityOf({ generation: 1, atMs: 3000, uid: 'c' })

test('clusters that meet are in one order: a later generation first, then the older, then the lesser uid', () => {
  const shuffled = [younger, 'not made here', twin, afterReset, original].toSorted(compareIdentities)
  assert.deepEqual(shuffled, [afterReset, original, twin, younger, 'not made here'])
  assert.equal(nextGeneration(undefined), 0)
  assert.equal(nextGeneration(afterReset), 2)
})

test('where a register makes sure of one cluster, age decides nothing', () => {
  assert.equal(yields(younger, original, 'lowest'), true)
  assert.equal(yields(younger, original, 'register'), false)
  assert.equal(yields(original, afterReset, 'register'), true)
  assert.equal(yields(original, original, 'lowest'), false)
})

test('what an incarnation says late, when another has said hello, changes nothing', () => {
  const peers = new Peers()
  assert.ok(peers.heard(hello(1, 1), 0))
  assert.ok(peers.heard(hello(1, 2), 1))
  assert.equal(peers.heard(hello(1, 1), 2), false)
  assert.ok(peers.heard(hello(2, 1), 3))
  assert.equal(peers.heard(hello(1, 3), 4), false)
  assert.equal(peers.isDead(hello(1, 2).member), true)
  assert.equal(peers.isDead(hello(2, 1).member), false)
  assert.equal(peers.isDead({ node: 'app@b', creation: 1, uid: 'x' }), false, 'nothing is known of it')
})

test('an incarnation stays dead when its node goes away, and a view is lost only when all of its members are dead', () => {
  const peers = new Peers()
  peers.heard(hello(1, 1), 0)
  peers.heard(hello(2, 1), 1)
  peers.down('app@a', 2)
  assert.deepEqual(peers.present(), [])
  const dead = hello(1, 1).member
  const other = { node: 'app@b', creation: 1, uid: 'x' }
  const view = { identity: original, epoch: 1, primary: dead.uid, members: [dead] }
  assert.equal(
    isLost(view, (member) => peers.isDead(member)),
    true,
  )
  assert.equal(
    isLost({ ...view, members: [dead, other] }, (member) => peers.isDead(member)),
    false,
  )
  assert.equal(
    isLost({ ...view, members: [] }, () => true),
    false,
    'nobody was in it',
  )
})

test('the newest view of the cluster that would go on is known, of one kind of authority only', () => {
  const peers = new Peers()
  const member = { node: 'app@b', creation: 1, uid: 'x' }
  const view = { identity: younger, epoch: 9, primary: 'x', members: [member] }
  peers.heard({ ...hello(1, 1), view: { ...view, identity: original, epoch: 3 } }, 0)
  peers.heard({ ...hello(1, 1), member, view }, 0)
  assert.equal(peers.newestView('members')?.identity, original)
  assert.equal(peers.newestView('etcd'), undefined)
})
