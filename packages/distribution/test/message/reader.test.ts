import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, Encoder, Pid, tuple } from '@tiebeam/etf'
import { DistributionError, type DistributionErrorCode } from '../../src/index.ts'
import { MessageReader } from '../../src/message/reader.ts'
import type { Signal } from '../../src/signals.ts'
import { annotated, uint16, uint32, uint64 } from '../annotated.ts'

const from = new Pid('otp@h', 98, 1, 7)
const to = new Pid('tie@h', 99, 0, 9)
const sent: Signal = { type: 'send', from, to, message: 'hi' }

/** The control message and payload of `sent`, with these bytes as the names of the two nodes. */
function terms(otp: Buffer, tie: Buffer, payload: Buffer = annotated(['binary', 109, uint32(2), 'hi'])): Buffer {
  return annotated(
    ['tuple of 3', 104, 3],
    ['SEND_SENDER', 97, 22],
    ['from: pid', 88, otp, uint32(98), uint32(1), uint32(7)],
    ['to: pid', 88, tie, uint32(99), uint32(0), uint32(9)],
    ['payload', payload],
  )
}

const otpText = annotated(['small atom', 119, 5, 'otp@h'])
const tieText = annotated(['small atom', 119, 5, 'tie@h'])
const reference = (index: number) => annotated(['reference to the atom cache', 82, index])

const plain = annotated(['version', 131], ['header', 68], ['references', 0], ['terms', terms(otpText, tieText)])

const withNewAtoms = annotated(
  ['version', 131],
  ['header', 68],
  ['references', 2],
  ['flags: both new, in segments 1 and 7', 0b1111_1001],
  ['flags of all: short atoms', 0],
  ['entry in its segment, length, text', 5, 5, 'otp@h'],
  ['entry in its segment, length, text', 255, 5, 'tie@h'],
  ['terms', terms(reference(0), reference(1))],
)

const withOldAtoms = annotated(
  ['version', 131],
  ['header', 68],
  ['references', 2],
  ['flags: both old, in segments 7 and 1', 0b0001_0111],
  ['flags of all', 0],
  ['entry in its segment', 255],
  ['entry in its segment', 5],
  ['terms', terms(reference(1), reference(0))],
)

function read(reader: MessageReader, frame: Buffer): Signal | undefined {
  // Not at the start of its buffer, and not at its end: what lies around must not be read.
  const padded = Buffer.concat([Buffer.alloc(3, 0xee), frame, Buffer.alloc(3, 0xee)])
  return reader.read(padded, 3, 3 + frame.length)
}

function throwsCode(run: () => unknown, code: DistributionErrorCode, text = ''): void {
  assert.throws(run, (error) => error instanceof DistributionError && error.code === code, text)
}

test('a message with an empty header is read', () => {
  assert.deepEqual(read(new MessageReader(), plain), sent)
})

test('a tick is nothing', () => {
  assert.equal(read(new MessageReader(), Buffer.alloc(0)), undefined)
})

test('new atoms enter the cache, and old ones are found there', () => {
  const reader = new MessageReader()
  throwsCode(() => read(new MessageReader(), withOldAtoms), 'MESSAGE_MALFORMED', 'the cache begins empty')
  assert.deepEqual(read(reader, withNewAtoms), sent)
  for (let again = 0; again < 3; again++) assert.deepEqual(read(reader, withOldAtoms), sent)
})

test('a known prefix means something else once the cache has changed', () => {
  const reader = new MessageReader()
  read(reader, withNewAtoms)
  assert.deepEqual(read(reader, withOldAtoms), sent)
  const renamed = Buffer.from(withNewAtoms)
  renamed.write('elsew', renamed.indexOf('otp@h'))
  read(reader, renamed)
  assert.deepEqual(read(reader, withOldAtoms), { ...sent, from: new Pid('elsew', 98, 1, 7) })
})

test('with long atoms all lengths have two bytes', () => {
  const text = 'é'.repeat(200)
  const frame = annotated(
    ['version and header', 131, 68],
    ['references', 1],
    ['flags: new in segment 0; long atoms', 0b0001_1000],
    ['entry, length, text', 0, uint16(400), Buffer.from(text)],
    ['control', 104, 3, 97, 1, 88, otpText, uint32(98), uint32(1), uint32(7)],
    ['to', 88, reference(0), uint32(99), uint32(0), uint32(9)],
  )
  assert.deepEqual(read(new MessageReader(), frame), { type: 'link', from, to: new Pid(text, 99, 0, 9) })
})

test('255 references fit in one header, and the payload may use them all', () => {
  const names = Array.from({ length: 255 }, (_, index) => `atom${index}`)
  const frame = annotated(
    ['version and header', 131, 68],
    ['references', 255],
    ['flags: all new, in segment 3; short atoms', Buffer.alloc(127, 0xbb), 0x0b],
    [
      'entries',
      Buffer.concat(names.map((name, index) => Buffer.concat([Buffer.of(index, name.length), Buffer.from(name)]))),
    ],
    [
      'terms',
      terms(
        otpText,
        tieText,
        annotated(['tuple', 104, 255], ['elements', ...names.map((_, index) => reference(index))]),
      ),
    ],
  )
  const expected = tuple(...names.map((name) => atom(name)))
  const signal = read(new MessageReader(), frame)
  assert.ok(signal?.type === 'send' && expected.equals(signal.message))
})

test('atoms of the cache arrive as the values that they stand for', () => {
  const frame = annotated(
    ['version and header', 131, 68],
    ['references', 1],
    ['flags: new in segment 0', 0b0000_1000],
    ['entry, length, text', 0, 4, 'true'],
    ['terms', terms(otpText, tieText, reference(0))],
  )
  const signal = read(new MessageReader(), frame)
  assert.ok(signal?.type === 'send')
  assert.equal(signal.message, true)
})

test('a message without a header has a version before each term', () => {
  const control = annotated(
    ['control', 104, 3, 97, 1, 88, otpText, uint32(98), uint32(1), uint32(7)],
    ['to', 88, tieText, uint32(99), uint32(0), uint32(9)],
  )
  const reader = new MessageReader()
  assert.deepEqual(read(reader, annotated(['pass through, version', 112, 131], ['terms', control])), {
    type: 'link',
    from,
    to,
  })
  const send = Buffer.from(control)
  send[3] = 22
  const frame = annotated(['pass through, version', 112, 131], ['terms', send], ['version', 131], ['payload', 97, 7])
  assert.deepEqual(read(reader, frame), { ...sent, message: 7 })
})

test('every truncation of a message is a typed error or a tick, with whatever form it has', () => {
  for (const frame of [
    plain,
    withNewAtoms,
    annotated(['pass through', 112, 131], ['terms', terms(otpText, tieText)]),
  ]) {
    for (let end = 1; end < frame.length; end++) {
      throwsCode(() => read(new MessageReader(), frame.subarray(0, end)), 'MESSAGE_MALFORMED', `${end} bytes`)
    }
    throwsCode(() => read(new MessageReader(), Buffer.concat([frame, Buffer.of(106)])), 'MESSAGE_MALFORMED')
  }
})

test('an atom of a header must be UTF-8 of at most 255 characters', () => {
  const frame = (text: Buffer) =>
    annotated(
      ['header', 131, 68, 1, 0b0001_1000],
      ['entry', 0, uint16(text.length), text],
      ['terms', terms(reference(0), tieText)],
    )
  assert.ok(read(new MessageReader(), frame(Buffer.from('é'.repeat(255)))))
  throwsCode(() => read(new MessageReader(), frame(Buffer.from('é'.repeat(256)))), 'MESSAGE_MALFORMED')
  throwsCode(() => read(new MessageReader(), frame(Buffer.of(0xc3))), 'MESSAGE_MALFORMED')
})

test('what a link reads often is read the same each time', () => {
  const reader = new MessageReader()
  const encoder = new Encoder()
  for (let turn = 0; turn < 2000; turn++) {
    const sender = new Pid('otp@h', turn % 40, 1, 7)
    const receiver = new Pid(turn % 3 === 0 ? 'tie@hh' : 'tie@h', turn % 50, 0, 9)
    encoder.writeBytes(Buffer.of(131, 68, 0))
    encoder.writeTerm(
      turn % 7 === 0 ? tuple(6, sender, atom(''), atom(`name${turn % 20}`)) : tuple(22, sender, receiver),
    )
    encoder.writeTerm(turn)
    const signal = read(reader, encoder.take())
    const expected: Signal =
      turn % 7 === 0
        ? { type: 'sendName', from: sender, name: `name${turn % 20}`, message: turn }
        : { type: 'send', from: sender, to: receiver, message: turn }
    assert.deepEqual(signal, expected)
  }
})

const whole = terms(otpText, tieText, annotated(['binary', 109, uint32(30), 'the quick brown fox jumps over']))
const fox: Signal = { ...sent, message: 'the quick brown fox jumps over' }

function first(sequence: bigint, count: bigint, body: Buffer): Buffer {
  return annotated(
    ['version', 131],
    ['first fragment', 69],
    ['ids', uint64(sequence), uint64(count)],
    ['references', 0],
    ['body', body],
  )
}

function next(sequence: bigint, id: bigint, body: Buffer): Buffer {
  return annotated(['version', 131], ['fragment', 70], ['ids', uint64(sequence), uint64(id)], ['body', body])
}

test('a message is put together from its fragments, wherever it was cut', () => {
  for (let at = 0; at <= whole.length; at++) {
    const reader = new MessageReader()
    assert.equal(read(reader, first(5n, 3n, whole.subarray(0, at))), undefined)
    assert.equal(reader.sequences, 1)
    assert.equal(read(reader, next(5n, 2n, whole.subarray(at, at + 10))), undefined)
    assert.deepEqual(read(reader, next(5n, 1n, whole.subarray(at + 10))), fox)
    assert.deepEqual([reader.sequences, reader.partialBytes], [0, 0])
  }
})

test('a single first fragment is a whole message', () => {
  assert.deepEqual(read(new MessageReader(), first(5n, 1n, whole)), fox)
})

test('sequences interleave, with each other and with whole messages, and keep their own atoms', () => {
  const reader = new MessageReader()
  const cached = terms(reference(0), reference(1), annotated(['binary', 109, uint32(2), 'hi']))
  const opening = annotated(
    ['version', 131],
    ['first fragment', 69],
    ['ids', uint64(9n), uint64(2n)],
    ['references', 2, 0b1111_1001, 0, 5, 5, 'otp@h', 255, 5, 'tie@h'],
    ['body', cached.subarray(0, 20)],
  )
  assert.equal(read(reader, opening), undefined)
  assert.equal(read(reader, first(8n, 2n, whole.subarray(0, 40))), undefined)
  const renamed = Buffer.from(withNewAtoms)
  renamed.write('elsew', renamed.indexOf('otp@h'))
  assert.ok(read(reader, renamed))
  assert.deepEqual(read(reader, next(9n, 1n, cached.subarray(20))), sent)
  assert.deepEqual(read(reader, next(8n, 1n, whole.subarray(40))), fox)
})

test('fragments out of order, unknown or begun twice are malformed', () => {
  const begun = () => {
    const reader = new MessageReader()
    read(reader, first(5n, 3n, whole.subarray(0, 40)))
    return reader
  }
  throwsCode(() => read(begun(), next(5n, 1n, whole.subarray(40))), 'MESSAGE_MALFORMED')
  throwsCode(() => read(begun(), next(5n, 3n, whole.subarray(40))), 'MESSAGE_MALFORMED')
  throwsCode(() => read(begun(), next(6n, 2n, whole.subarray(40))), 'MESSAGE_MALFORMED')
  throwsCode(() => read(begun(), first(5n, 3n, whole)), 'MESSAGE_MALFORMED')
  throwsCode(() => read(new MessageReader(), first(5n, 0n, whole)), 'MESSAGE_MALFORMED')
  throwsCode(() => read(new MessageReader(), first(5n, (1n << 64n) - 1n, whole)), 'MESSAGE_MALFORMED')
  for (let end = 1; end < 18; end++) {
    throwsCode(() => read(begun(), next(5n, 2n, whole).subarray(0, end)), 'MESSAGE_MALFORMED')
    throwsCode(() => read(begun(), first(7n, 2n, whole).subarray(0, end)), 'MESSAGE_MALFORMED')
  }
})

test('unfinished messages are limited in number, in size, and together', () => {
  const many = new MessageReader({ sequencesMax: 2 })
  read(many, first(1n, 2n, Buffer.alloc(0)))
  read(many, first(2n, 2n, Buffer.alloc(0)))
  throwsCode(() => read(many, first(3n, 2n, Buffer.alloc(0))), 'FRAGMENTS_LIMIT')

  const large = new MessageReader({ messageBytesMax: 10_000 })
  read(large, first(1n, 5n, Buffer.alloc(10_000)))
  throwsCode(() => read(large, next(1n, 4n, Buffer.alloc(1))), 'MESSAGE_TOO_LARGE')

  const together = new MessageReader({ messageBytesMax: 10_000, partialBytesMax: 15_000 })
  read(together, first(1n, 5n, Buffer.alloc(10_000)))
  throwsCode(() => read(together, first(2n, 5n, Buffer.alloc(6_000))), 'FRAGMENTS_LIMIT')
})

test('the announced number of fragments reserves nothing', () => {
  const reader = new MessageReader()
  read(reader, first(1n, BigInt(Number.MAX_SAFE_INTEGER), Buffer.alloc(10)))
  assert.ok(reader.partialBytes <= 4096)
})

test('a tiny fragment costs its bytes and no more', () => {
  const reader = new MessageReader()
  read(reader, first(1n, 100_001n, Buffer.alloc(0)))
  for (let id = 100_000n; id > 1n; id--) read(reader, next(1n, id, Buffer.alloc(1)))
  assert.ok(reader.partialBytes <= 4 * 100_000, `${reader.partialBytes} bytes`)
})

test('what was read keeps nothing of the bytes that it was read from', () => {
  const reader = new MessageReader({ decoder: { binaries: 'bytes' } })
  const frame = Buffer.from(plain)
  const signal = reader.read(frame, 0, frame.length)
  frame.fill(0)
  assert.ok(signal?.type === 'send' && signal.from !== undefined)
  assert.equal(signal.from.node, 'otp@h')
  assert.deepEqual(Buffer.from(signal.message as Uint8Array), Buffer.from('hi'))
})
