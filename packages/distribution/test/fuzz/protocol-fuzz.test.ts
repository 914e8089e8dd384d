/**
 * Hostile bytes for the pure protocol: what an OTP node once sent (recordings/), changed by a seeded generator, in random chunks;
 * 200,000 cases for each part at TIEBEAM_TEST_SCALE=1. Always a typed error or a valid outcome.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EncodeError, Encoder } from '@tiebeam/etf'
import { cases, Random, random } from '@tiebeam/testing'
import { OFFERED_FLAGS } from '../../src/flags.ts'
import { FrameReader } from '../../src/frames.ts'
import { Acceptor, type NameDecision } from '../../src/handshake/acceptor.ts'
import { Dialler } from '../../src/handshake/dialler.ts'
import { digest } from '../../src/handshake/digest.ts'
import type { HandshakeEffect } from '../../src/handshake/effects.ts'
import {
  encodeComplement,
  encodeName,
  encodeOldName,
  encodeReply,
  encodeStatus,
  HANDSHAKE_FRAME_BYTES_MAX,
} from '../../src/handshake/packets.ts'
import { DistributionError } from '../../src/index.ts'
import { MessageReader } from '../../src/message/reader.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import type { Signal } from '../../src/signals.ts'
import { mutate } from '../hostile/mutation.ts'
import { readRecording, recordedNode, recordedPeer } from '../hostile/recordings.ts'

const { seed } = random()
const caseCount = cases(200_000)
const recording = readRecording()
const { name, creation, cookie } = recordedNode
/** The challenge that the recorded OTP node answered. */
const challenge = 1

const readerLimits = { messageBytesMax: 1 << 20, sequencesMax: 8, partialBytesMax: 1 << 21 }
const frameBytesMax = 1 << 20

interface Handshake {
  receive(bytes: Buffer, start: number, end: number): HandshakeEffect[]
  closed(): HandshakeEffect[]
}

/** Gives the bytes in chunks of random sizes. */
function* chunked(generator: Random, bytes: Buffer): Generator<Buffer> {
  if (generator.chance(0.5)) {
    yield bytes
    return
  }
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + generator.integer(1, 1 + Math.max(1, bytes.length >> generator.integer(8))))
    yield bytes.subarray(at, end)
    at = end
  }
}

/** What a node does with a connection, without the connection. */
function runHandshake(handshake: Handshake, chunks: Iterable<Buffer>): 'established' | 'failed' {
  const frames = new FrameReader({ lengthBytes: 2, frameBytesMax: HANDSHAKE_FRAME_BYTES_MAX })
  const messages = new MessageReader(readerLimits)
  let end: 'established' | 'failed' | undefined
  const carryOut = (effects: readonly HandshakeEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === 'send') {
        assert.ok(effect.bytes.length > 0 && effect.bytes.length <= HANDSHAKE_FRAME_BYTES_MAX)
        continue
      }
      assert.equal(end, undefined, 'a handshake ends once')
      end = effect.type
      if (effect.type === 'failed')
        assert.ok(effect.error instanceof DistributionError && effect.error.message.length < 2000)
      frames.lengthBytes = 4
      frames.frameBytesMax = frameBytesMax
    }
  }
  try {
    for (const chunk of chunks) {
      frames.push(chunk, (bytes, start, stop) => {
        if (end === undefined) carryOut(handshake.receive(bytes, start, stop))
        else if (end === 'established') messages.read(bytes, start, stop)
      })
    }
  } catch (error) {
    if (!(error instanceof DistributionError)) throw error
  }
  carryOut(handshake.closed())
  return end ?? assert.fail('a handshake that was closed has ended')
}

function everyCase(run: (generator: Random, number: number) => void): void {
  const before = process.memoryUsage().arrayBuffers
  for (let number = 0; number < caseCount; number++) {
    try {
      run(new Random(seed, number), number)
    } catch (error) {
      throw new Error(`case ${number} of seed ${seed}`, { cause: error })
    }
    if (number % 1000 === 0) {
      const grown = process.memoryUsage().arrayBuffers - before
      assert.ok(grown < 512 * 1024 * 1024, `${grown} bytes of buffers after case ${number} of seed ${seed}`)
    }
  }
}

const otherStatuses = ['ok_simultaneous', 'nok', 'not_allowed', 'alive', 'named:\0\x0bK3F@1.1.1.1\0\0\0\x07']

test('a dialler meets hostile bytes with a typed error, or with an acceptor that knows the cookie', () => {
  const proof = digest(cookie, challenge)
  let established = 0
  everyCase((generator) => {
    const dialler = new Dialler({
      name,
      creation,
      cookie,
      peerName: recordedPeer,
      challenge,
      isStillWanted: () => generator.chance(0.5),
    })
    dialler.start()
    const frames = [...recording.asAcceptor]
    if (generator.chance(0.3)) frames[0] = encodeStatus(generator.pick(otherStatuses))
    const { bytes } = mutate(generator, frames, { lengthBytes: 2, donors: recording.asDialler })
    const end = runHandshake(dialler, chunked(generator, bytes))
    if (end === 'established') {
      established += 1
      assert.ok(bytes.includes(proof), 'established without a proof of the cookie')
    }
  })
  assert.ok(established < caseCount)
})

test('an acceptor meets hostile bytes with a typed error, or with a dialler that knows the cookie', () => {
  const proof = digest(cookie, challenge)
  const decisions: NameDecision[] = [
    'ok',
    'ok',
    'ok',
    'ok_simultaneous',
    'nok',
    'alive',
    'not_allowed',
    { name: 'K3F@1.1.1.1', creation: 3 },
  ]
  const [nameFrame = Buffer.alloc(0), replyFrame = Buffer.alloc(0)] = recording.asDialler
  const oldName = encodeOldName({ flags: OFFERED_FLAGS, name: recordedPeer })
  const complement = encodeComplement({ flagsHigh: Number((OFFERED_FLAGS >> 32n) & 0xffffffffn), creation: 5 })
  const nameless = encodeName({ flags: OFFERED_FLAGS | (1n << 33n), creation: 0, name: '127.250.0.2' })
  const reply = encodeReply({ challenge: 9, digest: proof })
  const sessions = [
    [nameFrame, replyFrame],
    [nameFrame, replyFrame],
    [nameFrame, encodeStatus('true'), replyFrame],
    [oldName, complement, reply],
    [oldName, encodeStatus('true'), complement, reply],
    [nameless, reply],
  ]
  let established = 0
  everyCase((generator) => {
    const decide = () => generator.pick(decisions)
    const acceptor = new Acceptor({ name, creation, cookie, challenge, decide })
    const { bytes } = mutate(generator, generator.pick(sessions), { lengthBytes: 2, donors: recording.asAcceptor })
    const end = runHandshake(acceptor, chunked(generator, bytes))
    if (end === 'established') {
      established += 1
      assert.ok(bytes.includes(proof), 'established without a proof of the cookie')
    }
  })
  assert.ok(established > 0 && established < caseCount)
})

/** The frames of the link, of which most need the atoms that earlier ones brought. */
const link = recording.onLink

function warmReader(generator: Random, until: number): MessageReader {
  const decoding = generator.pick(['comfortable', 'exact'] as const)
  const reader = new MessageReader({ ...readerLimits, decoder: { decoding } })
  for (const frame of link.slice(0, until)) reader.read(frame, 0, frame.length)
  return reader
}

const types: ReadonlySet<Signal['type']> = new Set([
  'send',
  'sendName',
  'sendAlias',
  'link',
  'unlink',
  'unlinkAck',
  'exit',
  'exit2',
  'monitor',
  'demonitor',
  'monitorExit',
  'groupLeader',
  'spawnRequest',
  'spawnReply',
  'unknown',
])

test('the recorded link is read whole, and holds every kind of signal that OTP sends of its own accord', () => {
  const reader = new MessageReader()
  const seen = new Set(link.map((frame) => reader.read(frame, 0, frame.length)?.type))
  const expected = [...types, undefined].filter((type) => type !== 'unknown' && type !== 'groupLeader')
  assert.deepEqual([...seen].filter((type) => type !== 'groupLeader').sort(), expected.sort())
  assert.deepEqual([reader.sequences, reader.partialBytes], [0, 0])
})

test('a message reader meets hostile bytes with a typed error, or with a signal that can be sent on', () => {
  const writer = new MessageWriter({ flags: OFFERED_FLAGS })
  const encoder = new Encoder()
  let reader: MessageReader | undefined
  let at = 0
  let signals = 0
  let errors = 0
  everyCase((generator, number) => {
    // A reader is kept as long as it lives, through many cases: what they leave behind is hostile, too.
    if (reader === undefined || number % 50 === 0) {
      at = generator.integer(link.length)
      reader = warmReader(generator, at)
    }
    const window = link.slice(at, at + generator.integer(1, 4))
    at = (at + window.length) % link.length
    const { bytes } = mutate(generator, window, { lengthBytes: 4, donors: link })
    const frames = new FrameReader({ lengthBytes: 4, frameBytesMax })
    const current = reader
    try {
      for (const chunk of chunked(generator, bytes)) {
        frames.push(chunk, (frame, start, end) => {
          const signal = current.read(frame, start, end)
          if (signal === undefined) return
          signals += 1
          assert.ok(types.has(signal.type))
          encoder.offset = 0
          if (signal.type !== 'unknown') writer.write(encoder, signal)
        })
      }
    } catch (error) {
      // What can be read can nearly always be written: the exception are keys that only OTP tells apart.
      if (error instanceof EncodeError) return
      if (!(error instanceof DistributionError)) throw error
      assert.ok(error.message.length < 2000)
      errors += 1
      reader = undefined
    }
    assert.ok(current.partialBytes <= readerLimits.partialBytesMax && current.sequences <= readerLimits.sequencesMax)
  })
  assert.ok(signals > caseCount / 100 && errors > caseCount / 100, `${signals} signals and ${errors} errors`)
})
