import { profiles } from './simulation/profile.ts'
import { Simulation } from './simulation/simulation.ts'
import { Coverage } from './simulation/coverage.ts'
import { withoutRule } from './simulation/weakened-rules.ts'

const [name = 'mixed', runs = '100', off, first = '0', seed = '1'] = process.argv.slice(2)
const coverage = new Coverage()
const start = performance.now()
let failed = 0
for (let stream = Number(first); stream < Number(first) + Number(runs); stream += 1) {
  const names = name === 'all' ? Object.keys(profiles) : [name]
  const profile = profiles[names[stream % names.length] as keyof typeof profiles]
  const simulation = new Simulation({ seed: Number(seed), stream, profile, ...(off && off !== '-' ? withoutRule(off) : {}) })
  try {
    simulation.run()
  } catch (error) {
    failed += 1
    console.log(profile.name, 'stream', stream, (error as Error).name === 'Violation' ? (error as Error).message : (error as Error).stack)
    if (off || failed > 8) break
  }
  coverage.addAll(simulation.coverage)
}
console.log(coverage.toString())
console.log(`${((performance.now() - start) / Number(runs)).toFixed(2)} ms a run`)
