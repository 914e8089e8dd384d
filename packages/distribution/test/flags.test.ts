import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requirePeer, startErl } from '@tiebeam/testing'
import {
  expandFlags,
  FLAGS,
  flagNames,
  flagsDemandedBy,
  hasFlag,
  MANDATORY_FLAGS,
  missingFlags,
  negotiate,
  OFFERED_FLAGS,
} from '../src/flags.ts'

test('the flags demanded by OTP 25 and by OTP 26 to 28 are those of their sources', () => {
  assert.equal(flagsDemandedBy(25), 0x1070f94n)
  for (const release of [26, 27, 28]) assert.equal(flagsDemandedBy(release), 0x1070f94n | (1n << 34n) | 0x2000000n)
})

test('what a Tiebeam node offers satisfies every OTP release from 25 to 28', () => {
  for (const release of [25, 26, 27, 28]) assert.deepEqual(missingFlags(OFFERED_FLAGS, flagsDemandedBy(release)), [])
})

test('a Tiebeam node is hidden to OTP and recognisable to Tiebeam', () => {
  assert.equal(hasFlag(OFFERED_FLAGS, 'PUBLISHED'), false)
  assert.equal(hasFlag(OFFERED_FLAGS, 'NAME_ME'), false)
  assert.equal(OFFERED_FLAGS & (1n << 62n), 1n << 62n)
})

test('no two flags share a bit', () => {
  const bits = Object.values(FLAGS).map((info) => info.bit)
  assert.equal(new Set(bits).size, bits.length)
})

test('the digest stands for all that OTP 25 demands', () => {
  const peer = FLAGS.MANDATORY_25_DIGEST.bit | FLAGS.V4_NC.bit | FLAGS.UNLINK_ID.bit
  assert.deepEqual(missingFlags(peer), [])
  assert.equal(expandFlags(peer) & flagsDemandedBy(25), flagsDemandedBy(25))
  assert.equal(expandFlags(FLAGS.SPAWN.bit), FLAGS.SPAWN.bit)
})

test('missing flags are named', () => {
  assert.deepEqual(missingFlags(MANDATORY_FLAGS & ~FLAGS.V4_NC.bit & ~FLAGS.MAP_TAG.bit), ['MAP_TAG', 'V4_NC'])
  assert.deepEqual(flagNames(0x3n), ['PUBLISHED', 'ATOM_CACHE'])
})

test('negotiation leaves what both sides can', () => {
  const peer = FLAGS.MANDATORY_25_DIGEST.bit | FLAGS.FRAGMENTS.bit | FLAGS.ALTACT_SIG.bit
  const both = negotiate(OFFERED_FLAGS, peer)
  assert.ok(hasFlag(both, 'FRAGMENTS'))
  assert.ok(hasFlag(both, 'MAP_TAG'))
  assert.ok(!hasFlag(both, 'ALTACT_SIG'))
  assert.ok(!hasFlag(both, 'SPAWN'))
})

test('the table agrees with the OTP that is installed', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const erl = await startErl(t)
  const mandatory = BigInt(await erl.evaluate('element(3, erts_internal:get_dflags())'))
  const preferred = BigInt(await erl.evaluate('element(2, erts_internal:get_dflags())'))
  const release = Number(await erl.evaluate('list_to_integer(erlang:system_info(otp_release))'))
  assert.equal(flagsDemandedBy(release), mandatory)
  assert.equal(preferred & FLAGS.TIEBEAM.bit, 0n, 'OTP has taken the bit by which Tiebeam nodes know each other')
})
