import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { cases, random } from '@tiebeam/testing'
import { GossipMembers } from '../../src/strategies/gossip-members.ts'
import { encryptHeartbeat, gossipKey, readPacket, writeHeartbeat } from '../../src/strategies/gossip-packet.ts'

const name = 'app@10.0.0.1'
const key = gossipKey('hush')
const vector = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const prelude = Buffer.from('heartbeat::')

/** `heartbeat::` and what OTP 25 makes of `%{node: :"app@10.0.0.1"}`: a map of one, with atoms in Latin-1. */
const ofOtp25 = Buffer.concat([
  prelude,
  Buffer.from([131, 116, 0, 0, 0, 1, 100, 0, 4]),
  Buffer.from('node'),
  Buffer.from([100, 0, 12]),
  Buffer.from(name),
])

test('heartbeats are read as they were written, plain and encrypted', () => {
  const heartbeat = writeHeartbeat(name)
  assert.deepEqual(readPacket(heartbeat, undefined), { type: 'heartbeat', name })
  assert.deepEqual(readPacket(encryptHeartbeat(heartbeat, key, vector), key), { type: 'heartbeat', name })
  assert.deepEqual(readPacket(ofOtp25, undefined), { type: 'heartbeat', name })
})

test('an encrypted heartbeat is the vector, then whole blocks', () => {
  const encrypted = encryptHeartbeat(writeHeartbeat(name), key, vector)
  assert.deepEqual(encrypted.subarray(0, 16), vector)
  assert.equal(encrypted.length % 16, 0)
})

test('what is not encrypted as ours is foreign', () => {
  const encrypted = encryptHeartbeat(writeHeartbeat(name), key, vector)
  for (const [packet, ours] of [
    [encrypted, undefined],
    [writeHeartbeat(name), key],
    [encrypted, gossipKey('other')],
    [encrypted.subarray(0, 16), key],
    [encrypted.subarray(0, 33), key],
    [Buffer.alloc(0), undefined],
    [Buffer.concat([prelude, Buffer.alloc(2000)]), undefined],
  ] as const) {
    assert.deepEqual(readPacket(packet, ours), { type: 'foreign' })
  }
})

test('a heartbeat without the name of a node is malformed', () => {
  const zipped = deflateSync(Buffer.alloc(1_000_000))
  const bomb = Buffer.concat([Buffer.from([131, 80, 0, 0x0f, 0x42, 0x40]), zipped])
  for (const term of [
    Buffer.alloc(0),
    Buffer.from([131, 106]),
    Buffer.from([131, 116, 0, 0, 0, 0]),
    Buffer.from([131, 116, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([131, 116, 0, 0, 0, 1, 100, 0, 4, ...Buffer.from('node'), 97, 1]),
    Buffer.concat([ofOtp25.subarray(prelude.length), Buffer.from([0])]),
    bomb.subarray(0, 1000),
  ]) {
    assert.deepEqual(readPacket(Buffer.concat([prelude, term]), undefined), { type: 'malformed' })
  }
})

test('mutated packets are read as something, and never throw', () => {
  const numbers = random()
  for (let count = 0; count < cases(2000); count += 1) {
    const encrypted = numbers.chance(0.5)
    const source = encrypted ? encryptHeartbeat(ofOtp25, key, vector) : ofOtp25
    const packet = Buffer.from(source.subarray(0, numbers.integer(source.length + 1)))
    if (packet.length > 0) packet[numbers.integer(packet.length)] = numbers.integer(256)
    const { type } = readPacket(packet, encrypted ? key : undefined)
    assert.ok(['heartbeat', 'foreign', 'malformed'].includes(type))
  }
})

test('who is silent is forgotten, and makes room', () => {
  const members = new GossipMembers({ expireMs: 100, namesMax: 2 })
  assert.equal(members.hear('b@x', 0), 'new')
  assert.equal(members.hear('a@x', 10), 'new')
  assert.equal(members.hear('c@x', 20), 'surplus')
  assert.equal(members.hear('b@x', 50), 'known')
  assert.deepEqual(members.names(), ['a@x', 'b@x'])
  assert.equal(members.expire(109), false)
  assert.equal(members.expire(110), true)
  assert.deepEqual(members.names(), ['b@x'])
  assert.equal(members.hear('c@x', 120), 'new')
})
