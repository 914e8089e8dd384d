/**
 * Hostile bytes for a live node: what an OTP node once sent (recordings/), changed by a seeded generator, over real TCP
 * connections; 200,000 cases for each part at TIEBEAM_TEST_SCALE=1. All the while a healthy Tiebeam peer and a real OTP
 * node are connected, and must go on answering.
 *
 * With TIEBEAM_RECORD=1 the recording is made anew from the OTP that is installed.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { cases, Random, random, requirePeer } from '@tiebeam/testing'
import { attackAcceptor } from './hostile/attack-acceptor.ts'
import { TreacherousPeer } from './hostile/attack-dialler.ts'
import { LinkAttacker } from './hostile/attack-link.ts'
import { startLiveNode } from './hostile/live-node.ts'
import { record } from './hostile/record.ts'
import { formatRecording, readRecording, recordingFile } from './hostile/recordings.ts'

const { seed } = random()
const caseCount = cases(200_000)
const workers = 16

test('a recording of real traffic can be made anew', { skip: !process.env.TIEBEAM_RECORD }, async (t) => {
  if (!requirePeer(t, 'erl')) return
  writeFileSync(recordingFile, formatRecording(await record(t)))
})

test('a node survives hostile bytes from those that dial it', async (t) => {
  const live = await startLiveNode(t)
  const recording = readRecording()
  await everyCase(workers, (number, worker) => attackAcceptor(new Random(seed, number), live, worker, recording))
  await live.assertUnharmed()
})

test('a node survives hostile bytes from those that it dials', async (t) => {
  const live = await startLiveNode(t)
  const recording = readRecording()
  const peers = await Promise.all(
    Array.from({ length: workers }, (_, worker) => TreacherousPeer.start(t, live, worker, recording)),
  )
  await everyCase(workers, (number, worker) => peers[worker]?.attack(new Random(seed, number)))
  await live.assertUnharmed()
})

test('a node survives hostile bytes from a peer that knows the cookie', async (t) => {
  const live = await startLiveNode(t)
  const recording = readRecording()
  const attackers = Array.from({ length: workers }, (_, worker) => new LinkAttacker(live, worker, recording))
  await everyCase(workers, (number, worker) => attackers[worker]?.attack(new Random(seed, number), number))
  for (const attacker of attackers) await attacker.stop()
  const closures = attackers.reduce((sum, attacker) => sum + attacker.closures, 0)
  t.diagnostic(`the node closed the link ${closures} times in ${caseCount} cases`)
  assert.ok(closures < caseCount, 'no case left the link alive: what was tested is the handshake')
  await live.assertUnharmed()
})

/** Runs the cases, a share of them at the same time. An error tells the case's number, which with the seed replays it. */
async function everyCase(concurrency: number, run: (number: number, worker: number) => unknown): Promise<void> {
  let next = 0
  const work = async (_: unknown, worker: number) => {
    for (let number = next++; number < caseCount; number = next++) {
      try {
        await run(number, worker)
      } catch (cause) {
        throw new Error(`case ${number} of seed ${seed} failed: ${cause}`, { cause })
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
}
