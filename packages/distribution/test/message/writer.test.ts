import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, EncodeError, Encoder, encode, equals, Pid, Reference } from '@tiebeam/etf'
import { cases, random } from '@tiebeam/testing'
import { toControl } from '../../src/control.ts'
import { FLAGS, OFFERED_FLAGS } from '../../src/flags.ts'
import { FrameReader } from '../../src/frames.ts'
import { DistributionError } from '../../src/index.ts'
import { MessageReader } from '../../src/message/reader.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import type { Signal } from '../../src/signals.ts'
import { annotated, uint32, uint64 } from '../annotated.ts'

const from = new Pid('tie@h', 99, 0, 9)
const to = new Pid('otp@h', 98, 1, 7)
const reference = new Reference('otp@h', 7, [1, 2, 3])
const name = annotated(['atom', 119, 5, 'tie@h'])
const peer = annotated(['atom', 119, 5, 'otp@h'])
const fromBytes = annotated(['pid', 88, name, uint32(99), uint32(0), uint32(9)])
const toBytes = annotated(['pid', 88, peer, uint32(98), uint32(1), uint32(7)])

function written(writer: MessageWriter, signal: Signal): Buffer {
  const encoder = new Encoder()
  writer.write(encoder, signal)
  return encoder.take()
}

function framed(bytes: Buffer): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes])
}

/** The way back, of a stream of frames. */
function readAll(bytes: Buffer): Signal[] {
  const signals: Signal[] = []
  const reader = new MessageReader()
  new FrameReader({ lengthBytes: 4, frameBytesMax: 1 << 30 }).push(bytes, (chunk, start, end) => {
    const signal = reader.read(chunk, start, end)
    if (signal !== undefined) signals.push(signal)
  })
  return signals
}

const send: Signal = { type: 'send', from, to, message: 1 }

test('a message is its header, its control message and its payload', () => {
  const writer = new MessageWriter({ flags: OFFERED_FLAGS })
  const frame = framed(
    annotated(
      ['version, header, no references', 131, 68, 0],
      ['control', 104, 3, 97, 22, fromBytes, toBytes],
      ['payload', 97, 1],
    ),
  )
  // The second time from the memo.
  for (const _ of [1, 2]) assert.deepEqual(written(writer, send), frame)
})

test('messages to names, aliases and by unnamed senders have their own control messages', () => {
  const writer = new MessageWriter({ flags: OFFERED_FLAGS })
  const header = annotated(['version, header, no references', 131, 68, 0])
  const rows: [Signal, Buffer][] = [
    [
      { type: 'sendName', from, name: 'rex', message: 1 },
      annotated(['REG_SEND', 104, 4, 97, 6, fromBytes], ['unused', 119, 0], ['name', 119, 3, 'rex']),
    ],
    [
      { type: 'sendAlias', from, alias: reference, message: 1 },
      annotated(
        ['ALIAS_SEND', 104, 3, 97, 33, fromBytes],
        ['alias', 90, 0, 3, peer, uint32(7), uint32(1), uint32(2), uint32(3)],
      ),
    ],
    [{ type: 'send', to, message: 1 }, annotated(['SEND', 104, 3, 97, 2], ['unused', 119, 0], ['to', toBytes])],
  ]
  for (const [signal, control] of rows) {
    const frame = framed(annotated(['header', header], ['control', control], ['payload', 97, 1]))
    for (const _ of [1, 2]) assert.deepEqual(written(writer, signal), frame)
  }
})

test('a link without headers gets a version before each term', () => {
  const flags = OFFERED_FLAGS & ~FLAGS.FRAGMENTS.bit & ~FLAGS.DIST_HDR_ATOM_CACHE.bit
  const writer = new MessageWriter({ flags })
  const frame = framed(
    annotated(['pass through', 112], ['control', 131, 104, 3, 97, 22, fromBytes, toBytes], ['payload', 131, 97, 1]),
  )
  for (const _ of [1, 2]) assert.deepEqual(written(writer, send), frame)
  assert.deepEqual(
    written(writer, { type: 'link', from, to }),
    framed(annotated(['pass through', 112], ['control', 131, 104, 3, 97, 1, fromBytes, toBytes])),
  )
  assert.deepEqual(readAll(written(writer, { type: 'sendAlias', from, alias: reference, message: 'x' })), [
    { type: 'sendAlias', from, alias: reference, message: 'x' },
  ])
})

test('a link with fragments but no atom cache has headers too: OTP 25 closes it else', () => {
  const writer = new MessageWriter({ flags: OFFERED_FLAGS & ~FLAGS.DIST_HDR_ATOM_CACHE.bit })
  assert.deepEqual([...written(writer, send).subarray(4, 7)], [131, 68, 0])
})

test('monitors are written as the general way writes them, and read alike', () => {
  const writer = new MessageWriter({ flags: OFFERED_FLAGS })
  const plain = new MessageWriter({ flags: OFFERED_FLAGS & ~FLAGS.FRAGMENTS.bit & ~FLAGS.DIST_HDR_ATOM_CACHE.bit })
  for (const type of ['monitor', 'demonitor'] as const) {
    for (const target of [to, 'name', 'été']) {
      const signal: Signal = { type, from, to: target, reference }
      const control = encode(toControl(signal, OFFERED_FLAGS).control)
      const bytes = written(writer, signal)
      assert.deepEqual(bytes, framed(annotated(['header', 131, 68, 0], ['control', control.subarray(1)])))
      assert.deepEqual(written(plain, signal), framed(annotated(['pass through', 112], ['control', control])))
      assert.deepEqual(readAll(bytes), [signal])
      assert.throws(() => readAll(framed(Buffer.concat([bytes.subarray(4), Buffer.from([106])]))), DistributionError)
    }
  }
})

test('what has no term leaves the encoder as it was', () => {
  const writer = new MessageWriter({ flags: OFFERED_FLAGS })
  const encoder = new Encoder()
  writer.write(encoder, send)
  const { offset } = encoder
  for (const type of ['send', 'exit'] as const) {
    const bad = { type, from, to, message: { a: [Symbol('x')] }, reason: () => {} } as unknown as Signal
    assert.throws(() => writer.write(encoder, bad), EncodeError)
    assert.equal(encoder.offset, offset)
  }
  writer.write(encoder, send)
  assert.deepEqual(readAll(encoder.take()), [send, send])
})

test('signals of many processes come back as they were written', () => {
  const generator = random()
  const writer = new MessageWriter({ flags: OFFERED_FLAGS })
  const pid = (node: string) => new Pid(node, generator.integer(600), generator.integer(3), 7)
  for (let batch = 0; batch < cases(1000); batch++) {
    const signals = Array.from({ length: 50 }, (_, index): Signal => {
      const [us, them] = [pid('tie@h'), pid(generator.chance(0.8) ? 'otp@h' : 'elsewhere@h')]
      const alias = new Reference('otp@h', 7, [generator.uint32(), 2, generator.uint32()])
      switch (generator.integer(7)) {
        case 0:
          return { type: 'sendName', from: us, name: `name${generator.integer(30)}`, message: index }
        case 1:
          return { type: 'sendAlias', from: us, alias, message: atom('x') }
        case 2:
          return { type: 'monitor', from: us, to: generator.chance(0.5) ? them : 'name', reference: alias }
        case 3:
          return { type: 'demonitor', from: us, to: generator.chance(0.5) ? them : 'name', reference: alias }
        case 4:
          return { type: 'exit', from: us, to: them, reason: 'why' }
        default:
          return { type: 'send', from: us, to: them, message: `text ${index}` }
      }
    })
    const encoder = new Encoder()
    for (const signal of signals) writer.write(encoder, signal)
    assert.deepEqual(readAll(encoder.take()), signals)
  }
})

const large: Signal = { type: 'send', from, to, message: 'x'.repeat(5000) }

test('a large message is reported, and cut into fragments that OTP’s format describes', () => {
  const writer = new MessageWriter({ flags: OFFERED_FLAGS, fragmentBytesMax: 2000 })
  const encoder = new Encoder()
  const payloadAt = writer.write(encoder, large)
  const frame = encoder.take()
  assert.ok(payloadAt > 0)
  const control = frame.subarray(7, payloadAt)
  const payload = frame.subarray(payloadAt)
  const fragments = writer.fragments(frame, payloadAt)
  assert.equal(fragments.count, 3)

  const expected = [
    annotated(
      ['version, first fragment', 131, 69],
      ['sequence, fragment', uint64(1n), uint64(3n)],
      ['no references', 0],
      ['control', control],
      ['payload', payload.subarray(0, 2000)],
    ),
    annotated(
      ['version, fragment', 131, 70],
      ['sequence, fragment', uint64(1n), uint64(2n)],
      ['payload', payload.subarray(2000, 4000)],
    ),
    annotated(
      ['version, fragment', 131, 70],
      ['sequence, fragment', uint64(1n), uint64(1n)],
      ['payload', payload.subarray(4000)],
    ),
  ]
  let remainingBytes = frame.length - 7
  for (const each of expected) {
    assert.equal(fragments.remainingBytes, remainingBytes)
    const [header, body] = fragments.next() ?? assert.fail('too few fragments')
    assert.deepEqual(Buffer.concat([header, body]), framed(each))
    remainingBytes -= body.length
  }
  assert.deepEqual([fragments.remaining, fragments.remainingBytes, fragments.next()], [0, 0, undefined])
})

test('large messages come back whole, interleaved with each other and with small ones', () => {
  const writer = new MessageWriter({ flags: OFFERED_FLAGS, fragmentBytesMax: 1024 })
  const cut = [5000, 70_000, 1500].map((length) => {
    const encoder = new Encoder()
    const payloadAt = writer.write(encoder, { ...large, message: 'y'.repeat(length) })
    return writer.fragments(encoder.take(), payloadAt)
  })
  const stream: Buffer[] = []
  while (cut.some((fragments) => fragments.remaining > 0)) {
    for (const fragments of cut) stream.push(...(fragments.next() ?? []))
    stream.push(written(writer, send))
  }
  const signals = readAll(Buffer.concat(stream))
  const lengths = signals.flatMap((signal) =>
    signal.type === 'send' && signal.message !== 1 ? [String(signal.message).length] : [],
  )
  assert.deepEqual(lengths, [1500, 5000, 70_000])
  assert.ok(signals.some((signal) => equals(signal.type === 'send' && signal.message, 1)))
})

test('only a payload is ever cut, and only when the peer can put it together', () => {
  const encoder = new Encoder()
  const reason = 'x'.repeat(5000)
  const old = new MessageWriter({ flags: OFFERED_FLAGS & ~FLAGS.FRAGMENTS.bit, fragmentBytesMax: 2000 })
  assert.equal(old.write(encoder, large), 0)
  const withoutPayload = new MessageWriter({ flags: OFFERED_FLAGS & ~FLAGS.EXIT_PAYLOAD.bit, fragmentBytesMax: 2000 })
  assert.equal(withoutPayload.write(encoder, { type: 'exit', from, to, reason }), 0)
  const usual = new MessageWriter({ flags: OFFERED_FLAGS, fragmentBytesMax: 2000 })
  assert.ok(usual.write(encoder, { type: 'exit', from, to, reason }) > 0)
})

test('fragments below a kilobyte are no option', () => {
  for (const fragmentBytesMax of [0, 1023, Number.NaN]) {
    assert.throws(() => new MessageWriter({ flags: OFFERED_FLAGS, fragmentBytesMax }), DistributionError)
  }
})
