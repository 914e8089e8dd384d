import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, random } from '@tiebeam/testing'
import { OrderedKeys } from '../../src/store/ordered-keys.ts'
import { isWithin, type Range } from '../../src/store/read.ts'

test('ordered keys agree with a sorted array, for every range and both ways', () => {
  const dice = random()
  for (let round = 0; round < cases(200); round += 1) {
    const keys = new OrderedKeys()
    const naive = new Set<number>()
    const spread = dice.pick([20, 3000])
    const steps = dice.integer(4000)
    for (let step = 0; step < steps; step += 1) {
      const key = dice.integer(spread)
      if (dice.chance(0.6)) {
        keys.add(key)
        naive.add(key)
      } else {
        keys.delete(key)
        naive.delete(key)
      }
    }
    const sorted = [...naive].sort((left, right) => left - right)
    assert.equal(keys.size, sorted.length)
    for (let look = 0; look < 20; look += 1) {
      const bound = () => ({ key: dice.integer(-1, spread + 1), inclusive: dice.chance(0.5) })
      const range: Range = {
        ...(dice.chance(0.8) ? { from: bound() } : {}),
        ...(dice.chance(0.8) ? { to: bound() } : {}),
      }
      const expected = sorted.filter((key) => isWithin(key, range))
      assert.deepEqual([...keys.range(range)], expected)
      assert.deepEqual([...keys.range(range, true)], expected.toReversed())
    }
  }
})

test('a million keys are added in any order, and a range of them is found without looking at all', () => {
  const keys = new OrderedKeys()
  const dice = random(1)
  // A step that shares no divisor with the count meets every number once, far from in order.
  for (let key = 0, count = 0; count < 1_000_000; count += 1, key = (key + 617_039) % 1_000_000) keys.add(key)
  assert.equal(keys.size, 1_000_000)
  for (let look = 0; look < 1000; look += 1) {
    const key = dice.integer(999_000)
    const found = keys.range({ from: { key, inclusive: false } })
    assert.equal(found.next().value, key + 1)
  }
})
