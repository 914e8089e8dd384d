import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom } from '@tiebeam/etf'
import { decideExit } from '../../src/process/exit-signal.ts'

const kill = atom('kill')
const normal = atom('normal')
const crash = atom('crash')

// From "Receiving Exit Signals" in the Erlang Reference Manual.
const table = [
  { reason: crash, linked: true, trap: false, outcome: { type: 'end', reason: crash } },
  { reason: crash, linked: true, trap: true, outcome: { type: 'message' } },
  { reason: crash, linked: false, trap: false, outcome: { type: 'end', reason: crash } },
  { reason: crash, linked: false, trap: true, outcome: { type: 'message' } },
  { reason: normal, linked: true, trap: false, outcome: { type: 'ignore' } },
  { reason: normal, linked: true, trap: true, outcome: { type: 'message' } },
  { reason: normal, linked: false, trap: false, outcome: { type: 'ignore' } },
  { reason: normal, linked: false, trap: true, outcome: { type: 'message' } },
  { reason: kill, linked: false, trap: false, outcome: { type: 'end', reason: atom('killed') } },
  { reason: kill, linked: false, trap: true, outcome: { type: 'end', reason: atom('killed') } },
  { reason: kill, linked: true, trap: false, outcome: { type: 'end', reason: kill } },
  { reason: kill, linked: true, trap: true, outcome: { type: 'message' } },
]

for (const { reason, linked, trap, outcome } of table) {
  const from = linked ? 'because a linked process ended' : 'by exit/2'
  test(`${reason} ${from} ${trap ? 'with' : 'without'} trapped exits: ${outcome.type}`, () => {
    assert.deepEqual(decideExit({ reason, linked, fromSelf: false }, trap), outcome)
  })
}

test('a process can end itself normally', () => {
  assert.deepEqual(decideExit({ reason: normal, linked: false, fromSelf: true }, false), {
    type: 'end',
    reason: normal,
  })
})
