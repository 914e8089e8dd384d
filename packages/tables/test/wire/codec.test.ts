import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '@tiebeam/etf'
import { cases, random } from '@tiebeam/testing'
import type { Message } from '../../src/replica/message.ts'
import { Codec, type Packet } from '../../src/wire/codec.ts'

const envelope = {
  identity: '0.1.a',
  epoch: 3,
  from: { node: 'app@a', creation: 5, uid: 'a' },
  to: 'b',
}
const view = {
  identity: '0.1.a',
  epoch: 3,
  primary: 'a',
  members: [envelope.from, { node: 'app@b', creation: 6, uid: 'b' }],
}
const write = {
  type: 'put',
  table: 'rows',
  key: ['a', 1n, true],
  row: { id: 1, bytes: Uint8Array.of(65), none: undefined },
} as const
const entry = {
  epoch: 3,
  index: 8,
  body: { type: 'transaction', origin: { uid: 'b', sequence: 2, settled: 1 }, writes: [write] },
} as const
const range = { from: { key: 'a', inclusive: true } }

const bodies = [
  {
    type: 'append',
    view,
    previous: { index: 7, epoch: 2 },
    entries: [entry, { ...entry, index: 9, body: { type: 'expiry', writes: [{ type: 'clear', table: 'rows' }] } }],
    commit: 7,
    forget: 3,
    round: 1,
    admission: undefined,
  },
  { type: 'acknowledge', admission: undefined, matched: 7, applied: 7, round: 1 },
  { type: 'mismatch', admission: 4, previous: { index: 7, epoch: 2 }, matched: 7, applied: 7, round: 1 },
  {
    type: 'propose',
    proposals: [
      {
        sequence: 2,
        attempt: 1,
        settled: 1,
        snapshot: 7,
        reads: [
          { type: 'row', table: 'rows', key: 'a' },
          { type: 'range', table: 'rows', range },
          { type: 'index', table: 'rows', fields: ['user'], range },
        ],
        writes: [write, { type: 'delete', table: 'rows', key: 2n ** 70n, ttlMs: 5 }],
      },
    ],
  },
  { type: 'refuse', sequence: 2, attempt: 1, cause: 8 },
  { type: 'fence', call: 3 },
  { type: 'fenced', call: 3, index: 8 },
  { type: 'view', view },
  { type: 'join', holds: { identity: '0.1.a', position: { index: 7, epoch: 2 } } },
  {
    type: 'chunk',
    admission: 4,
    number: 0,
    view,
    rows: [{ table: 'rows', key: 'a', row: { id: 'a' }, ttlMs: 100 }],
    base: { index: 7, epoch: 2 },
    writers: [{ uid: 'b', settled: 1, committed: [3], present: true }],
    wholeFrom: 9,
  },
  { type: 'chunkTaken', admission: 4, number: 0 },
  { type: 'leave' },
  { type: 'inquire' },
  { type: 'inquired', hears: true },
  { type: 'takeOver', uids: ['a'] },
] as const

const messages = bodies.map((body) => ({ ...body, ...envelope }) as unknown as Message)
const hello: Packet = {
  type: 'hello',
  hello: { name: 'default', kind: 'memory', member: envelope.from, incarnation: 1, view },
}

function packetOf(body: unknown): Uint8Array {
  const bytes = encode(['message', body])
  bytes[0] = 1
  return bytes
}

test('every message arrives as it was sent', () => {
  const codec = new Codec()
  for (const message of messages) {
    assert.deepEqual(codec.decode(codec.encode({ type: 'message', message })), { type: 'message', message })
  }
  assert.deepEqual(codec.decode(codec.encode(hello)), hello)
})

test('fields that a later release adds do no harm, and what is new as a whole is told apart from garbage', () => {
  const codec = new Codec()
  assert.equal(codec.decode(packetOf({ ...messages[1], colour: 'blue' })).type, 'message')
  assert.equal(codec.decode(packetOf({ ...envelope, type: 'gossip' })).type, 'unknown')
  assert.equal(codec.decode(Uint8Array.of(2, 1, 2, 3)).type, 'unknown')
})

test('entries with gaps, of falling epochs, or of epochs that are not yet, are garbage', () => {
  const codec = new Codec()
  const [append] = messages
  for (const wrong of [{ index: 9 }, { epoch: 1 }, { epoch: 4 }, { body: { type: 'dance' } }]) {
    assert.equal(codec.decode(packetOf({ ...append, entries: [{ ...entry, ...wrong }] })).type, 'garbage')
  }
})

test('a message with any one field of another type is garbage, or is still a whole message', () => {
  const codec = new Codec()
  const values = [undefined, null, -1, 1.5, 'text', '', [], {}, [[]], new Map([[1, 1]]), 2n ** 90n, true]
  for (const message of messages) {
    for (const field of Object.keys(message)) {
      for (const value of values) {
        const decoded = codec.decode(packetOf({ ...message, [field]: value }))
        if (decoded.type !== 'message') continue
        assert.deepEqual(Object.keys(decoded.message).sort(), Object.keys(message).sort())
      }
      const { [field as keyof Message]: _, ...rest } = message
      codec.decode(packetOf(rest))
    }
  }
})

test('bytes that were changed on the way never do more than be dropped', () => {
  const codec = new Codec()
  const chance = random()
  const originals = messages.map((message) => codec.encode({ type: 'message', message }))
  for (let index = 0; index < cases(50_000); index += 1) {
    const bytes = Uint8Array.from(originals[index % originals.length] as Uint8Array)
    for (let changes = chance.integer(4); changes >= 0; changes -= 1)
      bytes[chance.integer(bytes.length)] = chance.integer(256)
    const decoded = codec.decode(bytes.subarray(0, chance.chance(0.2) ? chance.integer(bytes.length) : bytes.length))
    assert.ok(['message', 'hello', 'garbage', 'unknown'].includes(decoded.type))
  }
  assert.deepEqual(codec.decode(codec.encode(hello)), hello)
})
