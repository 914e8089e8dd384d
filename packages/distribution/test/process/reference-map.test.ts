import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reference } from '@tiebeam/etf'
import { cases, random } from '@tiebeam/testing'
import { ReferenceMap } from '../../src/process/reference-map.ts'

test('it does what a Map by key does, also for references that share a number', () => {
  const generator = random()
  const map = new ReferenceMap<number>()
  const model = new Map<string, number>()
  // Words that cancel each other out give the same number.
  const word = () => generator.integer(3) * 2 ** 30
  for (let step = 0; step < cases(100_000); step++) {
    const ids = [word(), word(), word()].slice(0, 1 + generator.integer(3))
    const reference = new Reference(generator.chance(0.5) ? 'a@b' : 'b@b', 1 + generator.integer(2), ids)
    if (generator.chance(0.5)) {
      map.set(reference, step)
      model.set(reference.key, step)
    } else {
      assert.equal(map.delete(reference), model.delete(reference.key))
    }
    assert.equal(map.get(reference), model.get(reference.key))
    assert.equal(map.size, model.size)
  }
  assert.deepEqual([...map.values()].sort(), [...model.values()].sort())
})

test('values may be deleted while they are looked through', () => {
  const map = new ReferenceMap<Reference>()
  for (let number = 0; number < 100; number++) {
    const reference = new Reference('a@b', 1, [(number % 10) * 2 ** 30, number])
    map.set(reference, reference)
  }
  for (const reference of map.values()) map.delete(reference)
  assert.equal(map.size, 0)
})
