import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decoder, EncodeError, Encoder, encode, tuple } from '../src/index.ts'

const long = new Uint8Array(100_000).map((_, index) => index)

test('long bytes are handed out uncopied, between what was written around them', () => {
  const encoder = new Encoder()
  encoder.shareBytesMin = 1_000
  const value = tuple(1, long, [new Uint8Array([1, 2, 3]), long], 'end')
  encoder.writeTerm(value)
  assert.equal(encoder.sharedBytes, 200_000)
  const parts = encoder.takeParts()
  assert.equal(parts.filter((part) => part.buffer === long.buffer).length, 2)
  assert.deepEqual(Buffer.concat([Buffer.of(131), ...parts]), encode(value))
  assert.equal(encoder.sharedBytes, 0)
  encoder.writeTerm(value)
  assert.deepEqual(Buffer.concat([Buffer.of(131), encoder.take()]), encode(value), 'take puts all together')
})

test('what is taken back takes its long bytes along, and no others', () => {
  const encoder = new Encoder()
  encoder.shareBytesMin = 1_000
  encoder.writeTerm(long)
  const end = encoder.offset
  assert.throws(() => encoder.writeTerm([long, () => {}]), EncodeError)
  assert.equal(encoder.sharedBytes, 100_000)
  encoder.writeTerm(long)
  encoder.offset = end
  encoder.writeTerm('end')
  assert.deepEqual(encoder.take(), Buffer.concat([encode(long).subarray(1), encode('end').subarray(1)]))
})

test('long bytes count towards the limit', () => {
  const encoder = new Encoder({ sizeBytesMax: 150_000 })
  encoder.shareBytesMin = 1_000
  assert.throws(
    () => encoder.writeTerm([long, long]),
    (error) => error instanceof EncodeError && error.code === 'ETF_SIZE',
  )
  assert.equal(encoder.sharedBytes, 0)
  encoder.writeTerm(long)
})

test('a decoder that owns its input gives a view of it when that is most of it, and copies else', () => {
  const bytes = encode(tuple(1, long))
  const decoder = new Decoder()
  const read = () =>
    (decoder.readTerm(bytes, 1, bytes.length) as ReturnType<typeof tuple>).at(1) as unknown as Uint8Array
  assert.notEqual(read().buffer, bytes.buffer)
  decoder.ownsInput = true
  assert.equal(read().buffer, bytes.buffer)
  assert.deepEqual(read(), long)
  const three = encode([long, long, long])
  for (const part of decoder.readTerm(three, 1, three.length) as Uint8Array[])
    assert.notEqual(part.buffer, three.buffer)
})
