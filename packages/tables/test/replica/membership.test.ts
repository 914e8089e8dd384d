import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Member } from '../../src/member.ts'
import { nextView } from '../../src/replica/primary/membership.ts'
import { Progress } from '../../src/replica/primary/progress.ts'
import { replicaDefaults } from '../../src/replica/settings.ts'

const NOW_MS = 100_000

/** Who is left out by a primary that has not heard each of the others for so long, in ms. */
function leftOut(silentMs: readonly number[], lost: readonly string[] = []): string[] {
  const members: Member[] = ['primary', ...silentMs.map((_, index) => `m${index}`)].map((uid) => {
    return { node: `${uid}@10.0.0.1`, creation: 1, uid }
  })
  const [self, ...others] = members as [Member, ...Member[]]
  const progress = new Map(
    others.map((member, index) => {
      return [member.uid, new Progress(member, 1, replicaDefaults, NOW_MS - (silentMs[index] ?? 0))]
    }),
  )
  const view = { identity: 'one', epoch: 1, primary: self.uid, members }
  const facts = {
    view,
    self,
    progress,
    lost: new Set(lost),
    leaving: new Set<string>(),
    joiner: undefined,
    isLeaving: false,
    isUndecided: false,
  }
  const next = nextView(facts, replicaDefaults, NOW_MS)
  return next === undefined
    ? []
    : others.map(({ uid }) => uid).filter((uid) => !next.members.some((m) => m.uid === uid))
}

test('a member that is silent is left out, as long as most others are heard', () => {
  assert.deepEqual(leftOut([2100, 100]), ['m0'])
  assert.deepEqual(leftOut([1900, 100]), [])
  assert.deepEqual(leftOut([2100, 2100, 100, 100]), ['m0', 'm1'])
  assert.deepEqual(leftOut([100, 100], ['m1']), ['m1'])
})

test('a primary that hears hardly anyone waits longer, for it may be the one that is cut off', () => {
  assert.deepEqual(leftOut([2100]), [])
  assert.deepEqual(leftOut([2100, 2100]), [])
  assert.deepEqual(leftOut([4100, 4100]), ['m0', 'm1'])
  // Both fell silent in the same moment; one had been heard a little later than the other.
  assert.deepEqual(leftOut([2100, 1700]), [])
  assert.deepEqual(leftOut([4100, 3700]), ['m0'])
})
