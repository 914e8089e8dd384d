import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pid } from '@tiebeam/distribution'
import { decode } from '@tiebeam/etf'
import { random, requirePeer, startErl } from '@tiebeam/testing'
import { comparePids } from '../../src/global/pid-order.ts'

test('pids have the order that OTP gives them', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const generator = random()
  const pick = (): number => generator.pick([0, 1, 2, 40_000, 0xffff_ffff])
  const pids = Array.from(
    { length: 200 },
    () => new Pid(generator.pick(['a@h', 'b@h', 'ab@h']), pick(), pick(), 1 + (pick() % 3)),
  )
  const erl = await startErl(t)
  const terms = pids.map(({ node, id, serial, creation }) => `{<<"${node}">>, ${id}, ${serial}, ${creation}}`)
  const sorted = await erl.evaluateToBytes(
    `lists:sort([binary_to_term(<<131, 88, 119, (byte_size(N)), N/binary, I:32, S:32, C:32>>) || {N, I, S, C} <- [${terms.join(', ')}]])`,
  )
  assert.deepEqual(
    pids.sort(comparePids).map(({ key }) => key),
    (decode(sorted) as Pid[]).map(({ key }) => key),
  )
})
