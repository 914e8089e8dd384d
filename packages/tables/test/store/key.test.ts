import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, type Random, random } from '@tiebeam/testing'
import { compareKeys, type Key, mapKeyOf } from '../../src/store/key.ts'

const ATOMS: readonly Key[] = [
  true,
  false,
  0,
  -1,
  1,
  1.5,
  1n,
  -7n,
  2n ** 70n,
  '',
  'a',
  'b',
  '\u0000',
  '\u0000[',
  '\u0000sa',
  's1:a',
  'n1;',
]

function anyKey(dice: Random, depth = 0): Key {
  if (depth < 3 && dice.chance(0.4)) return Array.from({ length: dice.integer(4) }, () => anyKey(dice, depth + 1))
  return dice.pick(ATOMS)
}

function isSame(left: Key, right: Key): boolean {
  if (typeof left !== 'object' || typeof right !== 'object') return left === right
  return left.length === right.length && left.every((part, index) => isSame(part, right[index] as Key))
}

test('two keys are one key to a Map exactly if they are equal, and exactly if neither comes first', () => {
  const dice = random()
  for (let count = 0; count < cases(100_000); count += 1) {
    const left = anyKey(dice)
    const right = anyKey(dice)
    assert.equal(mapKeyOf(left) === mapKeyOf(right), isSame(left, right), `${String(left)} and ${String(right)}`)
    assert.equal(compareKeys(left, right) === 0, isSame(left, right), `${String(left)} and ${String(right)}`)
  }
})

test('keys have one order, whichever are compared', () => {
  const dice = random()
  for (let count = 0; count < cases(50_000); count += 1) {
    const [low, middle, high] = [anyKey(dice), anyKey(dice), anyKey(dice)].sort(compareKeys) as [Key, Key, Key]
    assert.ok(compareKeys(low, middle) <= 0 && compareKeys(middle, high) <= 0 && compareKeys(low, high) <= 0)
    assert.equal(Math.sign(compareKeys(low, high)) + Math.sign(compareKeys(high, low)), 0)
  }
})

test('numbers are ordered by value across number and bigint, strings come after them, arrays last', () => {
  const sorted = [['b'], 'b', 2n, ['a', 1], 10, 'a', 3.5, true, ['a']].sort(compareKeys)
  assert.deepEqual(sorted, [true, 2n, 3.5, 10, 'a', 'b', ['a'], ['a', 1], ['b']])
})
