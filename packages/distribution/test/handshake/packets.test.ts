import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digest, isDigest } from '../../src/handshake/digest.ts'
import {
  decodeAck,
  decodeChallenge,
  decodeComplement,
  decodeName,
  decodeReply,
  decodeStatus,
  encodeAck,
  encodeChallenge,
  encodeComplement,
  encodeName,
  encodeNamedStatus,
  encodeOldName,
  encodeReply,
  encodeStatus,
} from '../../src/handshake/packets.ts'
import { DistributionError } from '../../src/index.ts'
import { annotated, uint16, uint32, uint64 } from '../annotated.ts'

const proof = Buffer.from('0123456789abcdef', 'latin1')

/** One table for encoding, decoding, trailing bytes and truncation. */
const packets = [
  {
    name: 'name',
    bytes: annotated(
      ['tag', 'N'],
      ['flags', uint64(0xd07df7fbdn)],
      ['creation', uint32(0x6b02a66c)],
      ['length of the name', uint16(15)],
      ['name', 'otp@127.250.0.2'],
    ),
    value: { flags: 0xd07df7fbdn, creation: 0x6b02a66c, name: 'otp@127.250.0.2', old: false },
    encode: encodeName,
    decode: decodeName,
    bytesMin: 30,
  },
  {
    name: 'old name',
    bytes: annotated(['tag', 'n'], ['version', uint16(5)], ['flags', uint32(0x7df7fbd)], ['name', 'otp@127.250.0.2']),
    value: { flags: 0x7df7fbdn, creation: 0, name: 'otp@127.250.0.2', old: true },
    encode: encodeOldName,
    decode: decodeName,
    // Its name has no length: what is cut off is missed by nobody, and what follows belongs to it.
    bytesMin: 7,
    openEnd: true,
  },
  {
    name: 'challenge',
    bytes: annotated(
      ['tag', 'N'],
      ['flags', uint64(1n << 63n)],
      ['challenge', uint32(0xfedcba98)],
      ['creation', uint32(7)],
      ['length of the name', uint16(3)],
      ['name', 'a@b'],
    ),
    value: { flags: 1n << 63n, challenge: 0xfedcba98, creation: 7, name: 'a@b' },
    encode: encodeChallenge,
    decode: decodeChallenge,
    bytesMin: 22,
  },
  {
    name: 'complement',
    bytes: annotated(['tag', 'c'], ['flags, upper half', uint32(13)], ['creation', uint32(0xffffffff)]),
    value: { flagsHigh: 13, creation: 0xffffffff },
    encode: encodeComplement,
    decode: decodeComplement,
    bytesMin: 9,
  },
  {
    name: 'challenge reply',
    bytes: annotated(['tag', 'r'], ['challenge', uint32(0x80000000)], ['digest', proof]),
    value: { challenge: 0x80000000, digest: proof },
    encode: encodeReply,
    decode: decodeReply,
    bytesMin: 21,
  },
  {
    name: 'challenge acknowledgement',
    bytes: annotated(['tag', 'a'], ['digest', proof]),
    value: proof,
    encode: encodeAck,
    decode: decodeAck,
    bytesMin: 17,
  },
] as const

for (const { name, bytes, value, bytesMin, ...rest } of packets) {
  const encode = rest.encode as (packet: unknown) => Buffer
  const decode = rest.decode as (packet: Buffer) => unknown

  test(`${name}: bytes and value are each other's form`, () => {
    assert.deepEqual(encode(value), bytes)
    assert.deepEqual(decode(bytes), value)
  })

  test(`${name}: every truncation is a typed error`, () => {
    for (let end = 0; end < bytesMin; end++) {
      assert.throws(
        () => decode(bytes.subarray(0, end)),
        (error) =>
          error instanceof DistributionError &&
          error.code === (end === 0 ? 'HANDSHAKE_UNEXPECTED' : 'HANDSHAKE_MALFORMED'),
      )
    }
  })

  if (!('openEnd' in rest)) {
    test(`${name}: trailing bytes are ignored, as the guide asks`, () => {
      assert.deepEqual(decode(Buffer.concat([bytes, Buffer.from('later version')])), value)
    })
  }
}

test('a status is its text', () => {
  for (const status of ['ok', 'ok_simultaneous', 'nok', 'not_allowed', 'alive', 'true', 'false']) {
    const bytes = annotated(['tag', 's'], ['status', status])
    assert.deepEqual(encodeStatus(status), bytes)
    assert.equal(decodeStatus(bytes), status)
  }
})

test('a status can give a name', () => {
  const bytes = annotated(
    ['tag', 's'],
    ['status', 'named:'],
    ['length of the name', uint16(11)],
    ['name', 'X1F@1.2.3.4'],
    ['creation', uint32(99)],
  )
  assert.deepEqual(encodeNamedStatus({ name: 'X1F@1.2.3.4', creation: 99 }), bytes)
  assert.equal(decodeStatus(bytes), 'named:')
})

test('a challenge in the form of OTP 22 is refused with the reason', () => {
  assert.throws(
    () => decodeChallenge(annotated(['tag', 'n'], ['version', 0, 5], ['flags', uint32(0)])),
    (error) => error instanceof DistributionError && error.code === 'PEER_FLAGS_MISSING',
  )
})

test('the digest is MD5 over the cookie and the challenge in decimal', () => {
  // erlang:md5("secret" ++ "4275878552")
  assert.equal(digest('secret', 4275878552).toString('hex'), '66d291078e3df872cacaba62f012af18')
})

test('a digest counts for its own cookie and challenge alone', () => {
  const right = digest('cookie', 5)
  assert.ok(isDigest(right, 'cookie', 5))
  assert.ok(!isDigest(right, 'cookie', 6))
  assert.ok(!isDigest(right, 'Cookie', 5))
  assert.ok(!isDigest(right.subarray(1), 'cookie', 5))
})
