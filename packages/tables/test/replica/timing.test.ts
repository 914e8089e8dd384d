import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Replica } from '../../src/replica/replica.ts'
import { Members } from './members.ts'

/** How long a write takes that begins now, in steps of a tick. */
function writeMs(members: Members, replica: Replica, call: number): number {
  const beganMs = members.nowMs
  members.put(replica, call)
  members.run(60_000, () => members.outcome(call) !== undefined)
  assert.equal(members.outcome(call), 'committed')
  return members.nowMs - beganMs
}

for (const count of [2, 3, 5]) {
  const nodes = ['one', 'two', 'three', 'four', 'five'].slice(0, count)

  test(`of ${count} members: after proof that the primary ended, writes go on within a second, with defaults`, () => {
    const members = new Members()
    const [first, second] = members.form(...nodes)
    members.replicas.delete('one')
    for (const replica of members.replicas.values()) {
      members.hand(replica, { type: 'lost', uid: first?.self.uid ?? '' })
    }
    assert.ok(writeMs(members, second as Replica, 1) <= 1000)
  })

  test(`of ${count} members: when the primary falls silent, writes go on within four seconds, with defaults`, () => {
    const members = new Members()
    const [, second] = members.form(...nodes)
    members.replicas.delete('one')
    members.run(2100)
    // A member that is cut off refuses at once, so this waits until it is not.
    const silentMs = members.nowMs - 2100
    members.run(10_000, () => second?.isCutOff === false && second.view?.members.length === count - 1)
    assert.ok(members.nowMs + writeMs(members, second as Replica, 1) - silentMs <= 4000)
  })
}

test('replacing all members one by one loses nothing, and stalls writes for no longer than a few ticks', () => {
  const members = new Members()
  members.form('one', 'two', 'three')
  let calls = 0
  let longestMs = 0
  const write = (replica: Replica): void => {
    calls += 1
    longestMs = Math.max(longestMs, writeMs(members, replica, calls))
  }
  const running = ['one', 'two', 'three']
  for (const [node, successor] of [
    ['one', 'four'],
    ['two', 'five'],
    ['three', 'six'],
  ] as const) {
    const fresh = members.start(successor)
    for (let step = 0; step < 200 && !(fresh.isMember && fresh.isAligned); step += 1) {
      members.run(50)
      write(members.replicas.get(node) as Replica)
    }
    running.splice(running.indexOf(node), 1, successor)
    const left = members.count('left')
    members.hand(members.replicas.get(node) as Replica, { type: 'leave' })
    for (let step = 0; step < 200 && members.count('left') === left; step += 1) {
      members.run(50)
      write(fresh)
    }
    members.replicas.delete(node)
    assert.deepEqual(members.register.view?.members.map((member) => member.node).toSorted(), running.toSorted())
  }
  members.run(1000)
  assert.equal(members.replicas.get('six')?.copy.store.size('t'), calls)
  assert.ok(longestMs <= 200, `a write took ${longestMs} ms`)
})
