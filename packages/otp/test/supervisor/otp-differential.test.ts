import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { decode, encode } from '@tiebeam/etf'
import { cases, Random, random, requirePeer, startErl } from '@tiebeam/testing'
import { startAlone } from '../start.ts'
import { randomScenario } from './scenario.ts'
import { ScenarioRun } from './scenario-run.ts'

const CASES = 3_000
const BATCH = 50

test("whatever happens to a supervisor and its children, it starts, stops and ends them as OTP's does", async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { seed } = random()
  // One scheduler: what happens at the same time is told in the same order.
  const erl = await startErl(t, { args: ['+S', '1', '-kernel', 'logger_level', 'none'] })
  await erl.load(new URL('../../../test/supervisor/supervised.erl', import.meta.url))
  const node = await startAlone(t)
  for (let first = 0; first < cases(CASES); first += BATCH) {
    const scenarios = Array.from({ length: BATCH }, (_, index) => randomScenario(new Random(seed, first + index)))
    const answer = await erl.call('supervised', 'run', encode(scenarios), 60_000)
    const theirs = decode(answer) as unknown[][]
    for (const [index, scenario] of scenarios.entries()) {
      const ours = await new ScenarioRun(node, scenario).run()
      const dynamic = scenario.strategy === 'simple_one_for_one'
      compare(
        lines(ours, dynamic),
        lines(theirs[index] as unknown[], dynamic),
        `case ${first + index} of seed ${seed}: ${shown(scenario)}`,
      )
    }
  }
})

function compare(ours: readonly string[], theirs: readonly string[], about: string): void {
  const same = ours.findIndex((line, index) => line !== theirs[index])
  const count = same === -1 ? ours.length : same
  if (ours.length === theirs.length && count === ours.length) return
  const before = ours.slice(0, count).join('\n')
  assert.fail(
    `${about}\n${before}\nours:   ${ours.slice(count).join('\n        ')}\ntheirs: ${theirs.slice(count).join('\n        ')}`,
  )
}

/** In the end, dynamic children are ended all at once, in no order. */
function lines(trace: readonly unknown[], dynamic: boolean): string[] {
  const all = trace.map(shown)
  const stopped = dynamic ? all.splice(all.findLastIndex((line) => !line.startsWith("[ 'end")) + 1) : []
  return [...all, ...stopped.sort()]
}

function shown(value: unknown): string {
  return inspect(value, { depth: 9, sorted: true, breakLength: Number.POSITIVE_INFINITY })
}
