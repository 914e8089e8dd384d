import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FrameReader } from '../src/frames.ts'
import { DistributionError } from '../src/index.ts'
import { annotated, splits, uint32 } from './annotated.ts'

const stream = annotated(
  ['length', 0, 0, 0, 5],
  ['frame', 'hello'],
  ['length of a tick', 0, 0, 0, 0],
  ['length', 0, 0, 1, 0],
  ['frame of 256 bytes', Buffer.alloc(256, 7)],
  ['length', 0, 0, 0, 1],
  ['frame', '!'],
)
const frames = [Buffer.from('hello'), Buffer.alloc(0), Buffer.alloc(256, 7), Buffer.from('!')]

function collect(reader: FrameReader, chunks: readonly Buffer[]): Buffer[] {
  const seen: Buffer[] = []
  for (const chunk of chunks)
    reader.push(chunk, (bytes, start, end) => seen.push(Buffer.from(bytes.subarray(start, end))))
  return seen
}

test('frames come out whole, however the stream was chunked', () => {
  for (const chunks of splits(stream)) {
    const reader = new FrameReader({ lengthBytes: 4, frameBytesMax: 1000 })
    assert.deepEqual(collect(reader, chunks), frames)
    assert.equal(reader.partialBytes, 0)
  }
})

test('the length of the length can change between two frames, wherever the chunks end', () => {
  const bytes = annotated(['length', 0, 2], ['handshake', 'ab'], ['length', 0, 0, 0, 3], ['data', 'cde'])
  for (const chunks of splits(bytes)) {
    const reader = new FrameReader({ lengthBytes: 2, frameBytesMax: 2 })
    const seen: string[] = []
    for (const chunk of chunks) {
      reader.push(chunk, (frame, start, end) => {
        seen.push(frame.toString('latin1', start, end))
        reader.lengthBytes = 4
        reader.frameBytesMax = 3
      })
    }
    assert.deepEqual(seen, ['ab', 'cde'])
  }
})

test('any frames come back from any chunking of them', () => {
  const length = fc.integer({ min: 0, max: 300 })
  fc.assert(
    fc.property(fc.array(length), fc.infiniteStream(fc.integer({ min: 1, max: 90 })), (lengths, sizes) => {
      const sent = lengths.map((bytes, index) => Buffer.alloc(bytes, index))
      const bytes = Buffer.concat(sent.flatMap((frame) => [uint32(frame.length), frame]))
      const chunks: Buffer[] = []
      for (let at = 0; at < bytes.length; ) {
        const end = at + (sizes.next().value ?? 1)
        chunks.push(bytes.subarray(at, end))
        at = end
      }
      assert.deepEqual(collect(new FrameReader({ lengthBytes: 4, frameBytesMax: 300 }), chunks), sent)
    }),
  )
})

test('a frame above the limit is refused as soon as its length is known', () => {
  for (const chunks of splits(uint32(1001))) {
    const reader = new FrameReader({ lengthBytes: 4, frameBytesMax: 1000 })
    assert.throws(
      () => collect(reader, chunks),
      (error) => error instanceof DistributionError && error.code === 'FRAME_TOO_LARGE',
    )
  }
})

test('a length of 4 GB is a number like any other, and reserves nothing', () => {
  const reader = new FrameReader({ lengthBytes: 4, frameBytesMax: 0xffffffff })
  const before = process.memoryUsage().arrayBuffers
  assert.deepEqual(collect(reader, [uint32(0xffffffff), Buffer.alloc(10)]), [])
  assert.equal(reader.partialBytes, 14)
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
})

test('a frame in many chunks is copied a number of times that does not grow with it', () => {
  const bytes = 8 * 1024 * 1024
  const reader = new FrameReader({ lengthBytes: 4, frameBytesMax: bytes })
  const chunk = Buffer.alloc(1024, 1)
  let copied = 0
  const copy = Buffer.prototype.copy
  // A chunk's own copy is necessary; what is counted are those of what had been collected before.
  Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<Buffer['copy']>) {
    const count = copy.apply(this, args)
    if (this !== chunk) copied += count
    return count
  }
  try {
    let complete = 0
    reader.push(uint32(bytes), () => {})
    for (let sent = 0; sent < bytes; sent += chunk.length)
      reader.push(chunk, (_, start, end) => (complete = end - start))
    assert.equal(complete, bytes)
  } finally {
    Buffer.prototype.copy = copy
  }
  assert.ok(copied < 3 * bytes, `${copied} bytes were moved for a frame of ${bytes}`)
})
