import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, Random } from '@tiebeam/testing'
import { MembersSimulation, type Weakness } from './simulation.ts'

const RUNS_TO_FIND = 5_000

function firstViolation(weakness: Weakness, runs: number, seed: number): number | undefined {
  for (let run = 0; run < runs; run += 1) {
    try {
      new MembersSimulation(new Random(seed + run), weakness).run()
    } catch {
      return run + 1
    }
  }
  return undefined
}

test('members decide on one view for each epoch, whatever is lost, doubled, overtaken or ended', (t) => {
  const runs = cases(20_000)
  const seed = Number(process.env.TIEBEAM_TEST_SEED ?? Math.floor(Math.random() * 1e9))
  t.diagnostic(`seeds ${seed} to ${seed + runs - 1}`)
  let epochs = 0
  for (let run = 0; run < runs; run += 1) {
    const simulation = new MembersSimulation(new Random(seed + run), 'none')
    try {
      simulation.run()
    } catch (error) {
      assert.fail(`TIEBEAM_TEST_SEED=${seed + run}: ${(error as Error).message}`)
    }
    epochs += simulation.decided.size
  }
  // It would prove nothing if nothing were ever decided.
  assert.ok(epochs > runs, `${epochs} epochs were decided in ${runs} runs`)
})

for (const weakness of ['forgetful', 'minority', 'living dead'] as const) {
  test(`it is noticed when acceptors are of this kind: ${weakness}`, (t) => {
    const found = firstViolation(weakness, RUNS_TO_FIND, 1)
    t.diagnostic(`found in run ${found}`)
    assert.ok(found !== undefined)
  })
}
