/**
 * Hostile bytes for a live node: what an OTP node once sent (recordings/), changed by a seeded generator, over real TCP
 * connections; 200,000 cases at TIEBEAM_TEST_SCALE=1. All the while a healthy Tiebeam peer and a real OTP node are
 * connected, and must go on answering.
 */
import { test } from 'node:test'
import { Random } from '@tiebeam/testing'
import { attackAcceptor } from './hostile/attack-acceptor.ts'
import { everyCase, seed } from './hostile/every-case.ts'
import { startLiveNode } from './hostile/live-node.ts'
import { readRecording } from './hostile/recordings.ts'

test('a node survives hostile bytes from those that dial it', async (t) => {
  const live = await startLiveNode(t)
  const recording = readRecording()
  await everyCase((number, worker) => attackAcceptor(new Random(seed, number), live, worker, recording))
  await live.assertUnharmed()
})
