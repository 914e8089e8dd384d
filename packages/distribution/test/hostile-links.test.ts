/**
 * As hostile-callers.test.ts, with peers that know the cookie.
 *
 * With TIEBEAM_RECORD=1 the recording is made anew from the OTP that is installed.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { Random, requirePeer } from '@tiebeam/testing'
import { LinkAttacker } from './hostile/attack-link.ts'
import { caseCount, everyCase, seed, workers } from './hostile/every-case.ts'
import { startLiveNode } from './hostile/live-node.ts'
import { record } from './hostile/record.ts'
import { formatRecording, readRecording, recordingFile } from './hostile/recordings.ts'

test('a recording of real traffic can be made anew', { skip: !process.env.TIEBEAM_RECORD }, async (t) => {
  if (!requirePeer(t, 'erl')) return
  writeFileSync(recordingFile, formatRecording(await record(t)))
})

test('a node survives hostile bytes from a peer that knows the cookie', async (t) => {
  const live = await startLiveNode(t)
  const recording = readRecording()
  const attackers = workers.map((worker) => new LinkAttacker(live, worker, recording))
  await everyCase((number, worker) => attackers[worker]?.attack(new Random(seed, number), number))
  for (const attacker of attackers) await attacker.stop()
  const closures = attackers.reduce((sum, attacker) => sum + attacker.closures, 0)
  t.diagnostic(`the node closed the link ${closures} times in ${caseCount} cases`)
  assert.ok(closures < caseCount, 'no case left the link alive: what was tested is the handshake')
  await live.assertUnharmed()
})
