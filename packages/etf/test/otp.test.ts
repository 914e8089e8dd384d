import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, type Erl, random, requirePeer, startErl } from '@tiebeam/testing'
import { Decoder, decode, Encoder, encode, equals } from '../src/index.ts'
import { readCorpus } from './corpus.ts'

const modules = ['terms', 'otherforms', 'codec'].map((name) => new URL(`../../test/peer/${name}.erl`, import.meta.url))
const batchCases = 1000
const comfortable = new Decoder()
const plain = new Decoder({ binaries: 'bytes', atomKeys: 'strings' })

/**
 * The bytes of every frame, decoded in exact and encoded again. A term that fails becomes an empty frame, which OTP
 * reports with the term; the error is kept.
 */
function again(frames: Buffer, decoder: Decoder, encoder: Encoder, first: number, errors: string[]): Buffer {
  let number = first
  for (let at = 0; at < frames.length; number += 1) {
    const start = at + 4
    const end = start + frames.readUInt32BE(at)
    const head = encoder.offset
    encoder.writeUint32(0)
    try {
      const term = decode(frames.subarray(start, end), decoder)
      encoder.writeUint8(131)
      encoder.writeTerm(term)
      if (number % 10 === 0) readComfortably(frames.subarray(start, end))
    } catch (error) {
      errors.push(`case ${number}: ${error}`)
      encoder.offset = head + 4
    }
    encoder.patchUint32(head, encoder.offset - head - 4)
    at = end
  }
  return encoder.take()
}

/** Comfortable values are other terms at times, but each of them can be sent on. */
function readComfortably(bytes: Buffer): void {
  for (const decoder of [comfortable, plain]) encode(decode(bytes, decoder))
}

async function roundTrip(erl: Erl, seed: number, count: number): Promise<number> {
  const decoder = new Decoder({ decoding: 'exact' })
  const encoder = new Encoder({ initialBytes: 1 << 20 })
  let next = 0
  let bytes = 0
  // Two batches on their way: OTP makes one while the other is worked on here.
  const work = async (): Promise<void> => {
    while (next < count) {
      const first = next
      next += batchCases
      const request = Buffer.alloc(12)
      request.writeUInt32BE(seed, 0)
      request.writeUInt32BE(first, 4)
      request.writeUInt32BE(Math.min(batchCases, count - first), 8)
      const made = await erl.call('codec', 'generate', request)
      const framesStart = 1 + made.readUInt8(0)
      const frames = made.subarray(framesStart)
      bytes += frames.length
      const errors: string[] = []
      const back = again(frames, decoder, encoder, first, errors)
      const failures = await erl.call('codec', 'check', Buffer.concat([made.subarray(0, framesStart), back]))
      assert.equal(errors.join('\n') + failures.toString(), '', `seed ${seed}`)
    }
  }
  await Promise.all([work(), work(), work()])
  return bytes
}

test('a million random terms of OTP, decoded in exact and encoded again, are the same terms and the same bytes', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const erl = await startErl(t, { args: ['+t', '5000000'] })
  for (const module of modules) await erl.load(module)
  const count = cases(1_000_000)
  const start = performance.now()
  const bytes = await roundTrip(erl, random().seed, count)
  t.diagnostic(`${count} terms, ${bytes} bytes, ${Math.round(performance.now() - start)} ms`)
})

test('every entry of the corpus is the term that OTP takes it for', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const erl = await startErl(t)
  await erl.load(modules[2] as URL)
  for (const { name, bytes } of readCorpus()) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    const written = await erl.call('codec', 'echo', Buffer.concat([length, bytes]))
    const term = decode(bytes, { decoding: 'exact' })
    assert.ok(equals(term, decode(written.subarray(4), { decoding: 'exact' })), name)
  }
})
