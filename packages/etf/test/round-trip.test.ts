import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, Random, random, requirePeer, startErl } from '@tiebeam/testing'
import { decode, Encoder, encode } from '../src/index.ts'
import { randomEveryday } from './everyday.ts'

const codec = new URL('../../test/peer/codec.erl', import.meta.url)
const batchCases = 500

test('everyday values arrive at another TypeScript node as they were, compressed or not', () => {
  const { seed } = random()
  const count = cases(50_000)
  for (let index = 0; index < count; index += 1) {
    const { value, direct } = randomEveryday(new Random(seed, index), 4)
    const arrived = decode(encode(value, { compressed: index % 10 === 0 }))
    assert.deepStrictEqual(arrived, direct, `seed ${seed}, case ${index}`)
  }
})

test('everyday values come back from OTP as they were, but for text in bytes and small bigints', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const erl = await startErl(t)
  await erl.load(codec)
  const { seed } = random()
  const count = cases(20_000)
  for (let first = 0; first < count; first += batchCases) {
    const batch = Array.from({ length: Math.min(batchCases, count - first) }, (_, index) =>
      randomEveryday(new Random(seed, first + index), 4),
    )
    const encoder = new Encoder()
    for (const { value } of batch) {
      const bytes = encode(value)
      encoder.writeUint32(bytes.length)
      encoder.writeBytes(bytes)
    }
    const frames = await erl.call('codec', 'echo', encoder.take())
    let at = 0
    for (const [index, { viaOtp }] of batch.entries()) {
      const end = at + 4 + frames.readUInt32BE(at)
      assert.deepStrictEqual(decode(frames.subarray(at + 4, end)), viaOtp, `seed ${seed}, case ${first + index}`)
      at = end
    }
    assert.equal(at, frames.length)
  }
})
