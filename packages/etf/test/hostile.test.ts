import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { inspect } from 'node:util'
import { cases, Random, random } from '@tiebeam/testing'
import { DecodeError, Decoder, type DecoderInit, decode, Encoder, equals, readExternal } from '../src/index.ts'
import { readCorpus } from './corpus.ts'
import { mutate } from './mutation.ts'

const corpus = readCorpus()
const settings: readonly DecoderInit[] = [
  { decoding: 'exact' },
  { decoding: 'comfortable' },
  { decoding: 'comfortable', binaries: 'bytes', atomKeys: 'strings' },
]
const decoders = settings.map((init) => new Decoder({ ...init, inflatedBytesMax: 1 << 20 }))

// Nearly every case is an error: without their stacks they take a third of the time.
const { stackTraceLimit } = Error
beforeEach(() => {
  Error.stackTraceLimit = 0
})
afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit
})

type Outcome = { value: unknown } | { error: DecodeError }

/** What becomes of the bytes. Any other error than a DecodeError within the input is a bug, and passed on. */
function outcome(bytes: Buffer, decoder: Decoder): Outcome {
  try {
    return { value: decode(bytes, decoder) }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    assert.match(error.code, /^ETF_/)
    const compressed = bytes.length >= 6 && bytes[0] === 131 && bytes[1] === 80
    const end = compressed ? Math.max(bytes.length, bytes.readUInt32BE(2)) : bytes.length
    assert.ok(Number.isInteger(error.offset) && error.offset >= 0 && error.offset <= end, `offset ${error.offset}`)
    return { error }
  }
}

test('every truncation of the corpus is a DecodeError within the input', () => {
  for (const { name, bytes } of corpus) {
    for (let length = 0; length < bytes.length; length += 1) {
      for (const decoder of decoders) {
        const result = outcome(Buffer.from(bytes.subarray(0, length)), decoder)
        assert.ok('error' in result, `the first ${length} bytes of ${name} are no term`)
      }
    }
    for (const decoder of decoders) {
      assert.ok('value' in outcome(bytes, decoder), name)
      const longer = outcome(Buffer.concat([bytes, Buffer.from([106])]), decoder)
      assert.ok('error' in longer && longer.error.code === 'ETF_TRAILING_BYTES', name)
    }
  }
})

test('mutated bytes are a value that can be sent again, or a DecodeError within the input', (t) => {
  const entries = corpus.map(({ bytes }) => bytes)
  const { seed } = random()
  const count = cases(200_000)
  const encoder = new Encoder()
  const codes = new Map<string, number>()
  let slowestMs = 0
  for (let index = 0; index < count; index += 1) {
    const bytes = mutate(entries, new Random(seed, index))
    const start = performance.now()
    try {
      for (const decoder of decoders) {
        const result = outcome(bytes, decoder)
        const code = 'error' in result ? result.error.code : 'a value'
        codes.set(code, (codes.get(code) ?? 0) + 1)
        if ('value' in result) checkValue(result.value, decoder, encoder)
        checkWithin(bytes, result, decoder)
      }
    } catch (error) {
      throw new Error(`seed ${seed}, case ${index}: ${bytes.toString('hex')}`, { cause: error })
    }
    slowestMs = Math.max(slowestMs, performance.now() - start)
  }
  t.diagnostic(`${count} cases, the slowest took ${slowestMs.toFixed(1)} ms: ${inspect(Object.fromEntries(codes))}`)
  for (const code of ['a value', 'ETF_TRUNCATED', 'ETF_UNKNOWN_TAG', 'ETF_MALFORMED', 'ETF_TRAILING_BYTES']) {
    assert.ok(codes.has(code), `no case ended in ${code}`)
  }
})

/** Whatever was decoded is encoded to bytes that decode to the same. */
function checkValue(value: unknown, decoder: Decoder, encoder: Encoder): void {
  encoder.writeUint8(131)
  encoder.writeTerm(value)
  const again = decode(encoder.take(), decoder)
  if (!equals(again, value)) assert.deepEqual(again, value, 'not equal after another round')
}

/** The same bytes in the middle of others: nothing outside of their range is read, and the offset counts from the start. */
function checkWithin(bytes: Buffer, alone: Outcome, decoder: Decoder): void {
  const [before, after] = [Buffer.alloc(7, 106), Buffer.alloc(9, 97)]
  const all = Buffer.concat([before, bytes, after])
  try {
    const value = readExternal(decoder, all, before.length, before.length + bytes.length)
    if ('value' in alone) assert.ok(equals(value, alone.value))
    else assert.equal(alone.error.code, 'ETF_TRAILING_BYTES')
  } catch (error) {
    if (!(error instanceof DecodeError && 'error' in alone)) throw error
    assert.equal(error.code, alone.error.code)
  }
}
