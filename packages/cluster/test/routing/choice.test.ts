import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pid } from '@tiebeam/distribution'
import { leastBusyMember, memberForKey } from '../../src/routing/choice.ts'

const members = Array.from({ length: 10 }, (_, index) => new Pid(`app@10.0.0.${index + 1}`, 100 + index, 0, 7))
const keys = Array.from({ length: 10_000 }, (_, index) => `user ${index}`)

test('keys are spread evenly, and the order of the members does not matter', () => {
  const counts = new Map<string, number>()
  const reversed = [...members].reverse()
  for (const key of keys) {
    const member = memberForKey(members, key) as Pid
    assert.equal(memberForKey(reversed, key), member)
    counts.set(member.node, (counts.get(member.node) ?? 0) + 1)
  }
  for (const [node, count] of counts) assert.ok(count > 850 && count < 1150, `${node} has ${count} of 10,000`)
})

test('when a member goes only its keys move, and when it is back they return', () => {
  const [gone, ...others] = members as [Pid, ...Pid[]]
  for (const key of keys) {
    const before = memberForKey(members, key)
    const after = memberForKey(others, key)
    if (before !== gone) assert.equal(after, before)
    else assert.notEqual(after, gone)
  }
})

test('a key goes where it went in earlier releases, so that nodes agree during a rolling update', () => {
  const chosen = ['', 'a', 'user 1', 'Grüße', '42'].map((key) => members.indexOf(memberForKey(members, key) as Pid))
  assert.deepEqual(chosen, [1, 0, 3, 2, 0])
})

test('without a key the member with the fewest calls under way is taken, and equals take turns', () => {
  const underWay = (member: Pid): number => (member === members[4] ? 0 : 3)
  for (let turn = 0; turn < 30; turn++) assert.equal(leastBusyMember(members, underWay, turn), members[4])
  const idle = new Set(members.map((_, turn) => leastBusyMember(members, () => 0, turn)))
  assert.equal(idle.size, members.length)
})

test('of nobody nobody is chosen', () => {
  assert.equal(memberForKey([], 'a'), undefined)
  assert.equal(
    leastBusyMember([], () => 0, 5),
    undefined,
  )
})
