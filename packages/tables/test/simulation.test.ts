import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, random } from '@tiebeam/testing'
import { Coverage } from './simulation/coverage.ts'
import { type Profile, profiles } from './simulation/profile.ts'
import { Simulation } from './simulation/simulation.ts'

const kinds: readonly Profile[] = Object.values(profiles)

/** What must have happened at least so often in a hundred runs, or the simulation proves little. */
const floors: Readonly<Record<string, number>> = {
  committed: 3000,
  conflict: 500,
  MEMORY_FULL: 100,
  synced: 2000,
  validated: 1000,
  witnessed: 800,
  takeover: 60,
  unalignedTakeover: 5,
  unknownInstall: 20,
  joinerCut: 2,
  rejoinFromPrefix: 8,
  snapshot: 150,
  excluded: 50,
  cutOff: 100,
  pause: 50,
  crash: 60,
  left: 5,
  reset: 10,
  lost: 30,
  expiry: 20,
  forget: 20,
}

test('members keep to every rule in every step, their history is strictly serializable, and they come together after the heal', (context) => {
  const { seed } = random()
  const count = cases(40_000)
  const coverage = new Coverage()
  for (let stream = 0; stream < count; stream += 1) {
    const profile = kinds[stream % kinds.length] as Profile
    const simulation = new Simulation({ seed, stream, profile })
    try {
      simulation.run()
    } catch (error) {
      throw new Error(`seed ${seed}, stream ${stream} (${profile.name}), at ${simulation.nowMs} ms`, { cause: error })
    }
    coverage.addAll(simulation.coverage)
  }
  context.diagnostic(`${count} runs: ${coverage}`)
  if (count < 400) return
  for (const [what, floor] of Object.entries(floors)) {
    const found = (coverage.count(what) * 100) / count
    assert.ok(found >= floor, `${what} happened ${found} times in a hundred runs, at least ${floor} were expected`)
  }
})

test('a run is the same each time, to the last message', () => {
  const { seed } = random()
  for (const [stream, profile] of kinds.entries()) {
    const [first, second] = [0, 1].map(() => {
      const simulation = new Simulation({ seed, stream, profile })
      simulation.run()
      return simulation.traceHash
    })
    assert.equal(first, second, profile.name)
  }
})
