import { test } from 'node:test'
import { cases, Random, random } from '@tiebeam/testing'
import { SimulatedWorld } from './simulated-world.ts'

test('a supervisor starts one child at a time, ends them in order, answers every request, and leaves nobody behind', () => {
  const { seed } = random()
  for (let number = 0; number < cases(40_000); number += 1) {
    const chance = new Random(seed, number)
    try {
      new SimulatedWorld(chance, chance.chance(0.3)).run(chance.integer(60))
    } catch (error) {
      throw new Error(`case ${number} of seed ${seed}`, { cause: error })
    }
  }
})
