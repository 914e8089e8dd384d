import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, Random, random, requirePeer, startErl } from '@tiebeam/testing'
import { decode, Encoder, equals } from '../src/index.ts'
import { type Meaning, randomMeaning } from './meaning.ts'

const modules = ['terms', 'codec'].map((name) => new URL(`../../test/peer/${name}.erl`, import.meta.url))
const batchCases = 500

function framed(encoder: Encoder, bytes: Uint8Array): void {
  encoder.writeUint32(bytes.length)
  encoder.writeBytes(bytes)
}

function encodeBatch(meanings: readonly Meaning[]): Buffer {
  const batch = new Encoder({ initialBytes: 1 << 20 })
  const encoder = new Encoder()
  for (const { value, source } of meanings) {
    encoder.writeUint8(131)
    encoder.writeTerm(value)
    framed(batch, encoder.take())
    framed(batch, Buffer.from(source))
  }
  return batch.take()
}

test('OTP reads random values made here as the terms that were meant, and they come back equal', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const erl = await startErl(t)
  for (const module of modules) await erl.load(module)
  const { seed } = random()
  const count = cases(100_000)
  const work = async (first: number): Promise<void> => {
    const meanings = Array.from({ length: Math.min(batchCases, count - first) }, (_, index) =>
      randomMeaning(new Random(seed, first + index), 4),
    )
    const frames = await erl.call('codec', 'compare', encodeBatch(meanings))
    let at = 0
    for (const [index, { value, source }] of meanings.entries()) {
      const end = at + 4 + frames.readUInt32BE(at)
      const back = decode(frames.subarray(at + 4, end), { decoding: 'exact' })
      assert.ok(equals(back, value), `seed ${seed}, case ${first + index}: ${source} is not equal to what came back`)
      at = end
    }
  }
  for (let first = 0; first < count; first += 2 * batchCases) {
    await Promise.all([work(first), first + batchCases < count ? work(first + batchCases) : undefined])
  }
})
