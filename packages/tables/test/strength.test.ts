import { AssertionError } from 'node:assert'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '@tiebeam/testing'
import { Simulation } from './simulation/simulation.ts'
import { Violation } from './simulation/violation.ts'
import { type Weakness, weaknesses } from './simulation/weaknesses.ts'

const RUNS_MAX = 10_000
/** The same each time, so that the time this takes is; another one can be given. */
const SEED = 1

for (const [name, weakness] of Object.entries(weaknesses)) {
  test(`the simulation finds a violation without this: ${name}`, (context) => {
    const found = findViolation(weakness, random(SEED).seed)
    assert.ok(found !== undefined, `nothing was found in ${RUNS_MAX} runs`)
    context.diagnostic(`run ${found.stream}: ${found.error.message}`)
  })
}

function findViolation(weakness: Weakness, seed: number): { stream: number; error: Error } | undefined {
  for (let stream = 0; stream < RUNS_MAX; stream += 1) {
    try {
      new Simulation({ seed, stream, assertsRules: false, ...weakness }).run()
    } catch (error) {
      // Whatever the rule itself was, members may first notice that their own state makes no sense any longer.
      if (error instanceof Violation || error instanceof AssertionError) return { stream, error }
      throw error
    }
  }
  return undefined
}
