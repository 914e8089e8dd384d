/** As hostile-callers.test.ts, with peers that the node dials. */
import { test } from 'node:test'
import { Random } from '@tiebeam/testing'
import { TreacherousPeer } from './hostile/attack-dialler.ts'
import { everyCase, seed, workers } from './hostile/every-case.ts'
import { startLiveNode } from './hostile/live-node.ts'
import { readRecording } from './hostile/recordings.ts'

test('a node survives hostile bytes from those that it dials', async (t) => {
  const live = await startLiveNode(t)
  const recording = readRecording()
  const peers = await Promise.all(workers.map((worker) => TreacherousPeer.start(t, live, worker, recording)))
  await everyCase((number, worker) => peers[worker]?.attack(new Random(seed, number)))
  await live.assertUnharmed()
})
