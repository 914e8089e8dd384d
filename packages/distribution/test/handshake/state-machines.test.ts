import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { FLAGS, hasFlag, OFFERED_FLAGS } from '../../src/flags.ts'
import { Acceptor, type AcceptorInit, type NameDecision } from '../../src/handshake/acceptor.ts'
import { Dialler, type DiallerInit } from '../../src/handshake/dialler.ts'
import { digest } from '../../src/handshake/digest.ts'
import type { HandshakeEffect, Peer } from '../../src/handshake/effects.ts'
import {
  encodeChallenge,
  encodeComplement,
  encodeName,
  encodeOldName,
  encodeReply,
  encodeStatus,
} from '../../src/handshake/packets.ts'
import type { DistributionErrorCode } from '../../src/index.ts'

const cookie = 'a-secret-that-must-not-be-seen'
const OTP_24 = FLAGS.TIEBEAM.bit ^ OFFERED_FLAGS

function dialler(init: Partial<DiallerInit> = {}): Dialler {
  return new Dialler({ name: 'foo@1.1.1.1', creation: 11, cookie, peerName: 'bar@2.2.2.2', challenge: 111, ...init })
}

function acceptor(init: Partial<AcceptorInit> = {}): Acceptor {
  return new Acceptor({ name: 'bar@2.2.2.2', creation: 22, cookie, challenge: 222, decide: () => 'ok', ...init })
}

interface Outcome {
  readonly peer?: Peer
  readonly code?: DistributionErrorCode
  readonly message?: string
}

function outcome(effects: readonly HandshakeEffect[]): Outcome {
  const last = effects.at(-1)
  if (last?.type === 'established') return { peer: last.peer }
  return last?.type === 'failed' ? { code: last.error.code, message: last.error.message } : {}
}

function sent(effects: readonly HandshakeEffect[]): string[] {
  return effects.flatMap((effect) => (effect.type === 'send' ? [effect.bytes.toString('latin1')] : []))
}

/** Lets the two talk until neither has anything to say. */
function run(one: Dialler, other: Acceptor): { dialler: Outcome; acceptor: Outcome } {
  let toAcceptor = one.start()
  const seen: { dialler: HandshakeEffect[]; acceptor: HandshakeEffect[] } = { dialler: toAcceptor, acceptor: [] }
  while (toAcceptor.some((effect) => effect.type === 'send')) {
    const answers = toAcceptor.flatMap((effect) => (effect.type === 'send' ? other.receive(effect.bytes) : []))
    seen.acceptor.push(...answers)
    toAcceptor = answers.flatMap((effect) => (effect.type === 'send' ? one.receive(effect.bytes) : []))
    seen.dialler.push(...toAcceptor)
  }
  return { dialler: outcome(seen.dialler), acceptor: outcome(seen.acceptor) }
}

test('two nodes with one cookie learn each other’s name, creation and flags', () => {
  const result = run(dialler(), acceptor())
  assert.deepEqual(result.dialler.peer, {
    name: 'bar@2.2.2.2',
    creation: 22,
    flags: OFFERED_FLAGS,
    negotiated: OFFERED_FLAGS,
    replaces: false,
  })
  assert.deepEqual(result.acceptor.peer, { ...result.dialler.peer, name: 'foo@1.1.1.1', creation: 11 })
})

test('what one side lacks is not negotiated', () => {
  const result = run(dialler({ flags: OFFERED_FLAGS & ~FLAGS.FRAGMENTS.bit }), acceptor())
  for (const peer of [result.dialler.peer, result.acceptor.peer]) {
    assert.ok(peer && !hasFlag(peer.negotiated, 'FRAGMENTS') && hasFlag(peer.negotiated, 'SPAWN'))
  }
})

test('a dialler with another cookie is refused by the acceptor, which sends no proof of its own', () => {
  const one = dialler({ cookie: 'wrong' })
  const other = acceptor()
  const result = run(one, other)
  assert.equal(result.acceptor.code, 'COOKIE_MISMATCH')
  assert.equal(outcome(one.closed()).code, 'COOKIE_MISMATCH', 'a close after our proof means the cookie')
})

test('an acceptor that does not know the cookie is refused by the dialler', () => {
  const one = dialler()
  one.start()
  one.receive(encodeStatus('ok'))
  one.receive(encodeChallenge({ flags: OFFERED_FLAGS, challenge: 1, creation: 1, name: 'bar@2.2.2.2' }))
  const ack = Buffer.concat([Buffer.from('a'), digest('guess', 111)])
  assert.equal(outcome(one.receive(ack)).code, 'COOKIE_MISMATCH')
})

test('a dialler does not prove the cookie to a node of another name', () => {
  const effects = run(dialler(), acceptor({ name: 'baz@2.2.2.2' }))
  assert.equal(effects.dialler.code, 'PEER_NAME_MISMATCH')
  assert.match(effects.dialler.message ?? '', /baz@2\.2\.2\.2/)
})

for (const [decision, diallerCode, acceptorCode] of [
  ['not_allowed', 'PEER_NOT_ALLOWED', 'PEER_NOT_ALLOWED'],
  ['nok', 'SIMULTANEOUS_CONNECT', 'SIMULTANEOUS_CONNECT'],
] as const) {
  test(`the decision ${decision} ends the handshake on both sides`, () => {
    const result = run(dialler(), acceptor({ decide: () => decision }))
    assert.deepEqual([result.dialler.code, result.acceptor.code], [diallerCode, acceptorCode])
  })
}

test('ok_simultaneous goes on like ok', () => {
  const result = run(dialler(), acceptor({ decide: () => 'ok_simultaneous' }))
  assert.ok(result.dialler.peer && result.acceptor.peer)
})

test('alive: a dialler that knows no other connection replaces the old one', () => {
  const result = run(dialler(), acceptor({ decide: () => 'alive' }))
  assert.equal(result.acceptor.peer?.replaces, true)
  assert.equal(result.dialler.peer?.replaces, true)
})

test('alive: a dialler that has a connection by now takes its attempt back', () => {
  const result = run(dialler({ isStillWanted: () => false }), acceptor({ decide: () => 'alive' }))
  assert.deepEqual([result.dialler.code, result.acceptor.code], ['ALREADY_CONNECTED', 'ALREADY_CONNECTED'])
})

test('alive: another answer than true or false is an error', () => {
  const other = acceptor({ decide: () => 'alive' })
  other.receive(encodeName({ flags: OFFERED_FLAGS, creation: 1, name: 'foo@1.1.1.1' }))
  assert.equal(outcome(other.receive(encodeStatus('maybe'))).code, 'HANDSHAKE_UNEXPECTED')
})

test('a peer without a mandatory flag is told not_allowed, and its lack is named', () => {
  const effects = acceptor().receive(
    encodeName({ flags: OFFERED_FLAGS & ~FLAGS.V4_NC.bit, creation: 1, name: 'foo@1.1.1.1' }),
  )
  assert.deepEqual(sent(effects), ['snot_allowed'])
  assert.equal(outcome(effects).code, 'PEER_FLAGS_MISSING')
  assert.match(outcome(effects).message ?? '', /V4_NC/)

  const result = run(dialler(), acceptor({ flags: OFFERED_FLAGS & ~FLAGS.UNLINK_ID.bit }))
  assert.equal(result.dialler.code, 'PEER_FLAGS_MISSING')
})

test('the digest flag is as good as the flags that it stands for', () => {
  const flags = FLAGS.MANDATORY_25_DIGEST.bit | FLAGS.V4_NC.bit | FLAGS.UNLINK_ID.bit
  const result = run(dialler({ flags }), acceptor())
  assert.ok(result.acceptor.peer && hasFlag(result.acceptor.peer.flags, 'MAP_TAG'))
  assert.ok(result.dialler.peer)
})

test('an old-style name is completed by the complement', () => {
  const other = acceptor()
  const first = other.receive(encodeOldName({ flags: OTP_24, name: 'old@1.1.1.1' }))
  assert.equal(sent(first)[0], 'sok')
  assert.deepEqual(other.receive(encodeComplement({ flagsHigh: Number(OTP_24 >> 32n), creation: 77 })), [])
  const last = outcome(other.receive(encodeReply({ challenge: 5, digest: digest(cookie, 222) })))
  assert.equal(last.peer?.creation, 77)
  assert.equal(last.peer?.flags, OTP_24)
})

test('an old-style peer that lacks a flag of the upper half is refused when that half comes', () => {
  const other = acceptor()
  other.receive(encodeOldName({ flags: OTP_24, name: 'old@1.1.1.1' }))
  const effects = other.receive(encodeComplement({ flagsHigh: 1, creation: 77 }))
  assert.equal(outcome(effects).code, 'PEER_FLAGS_MISSING')
})

test('an old-style peer without handshake 23 is refused', () => {
  const effects = acceptor().receive(encodeOldName({ flags: 0x70f94n, name: 'old@1.1.1.1' }))
  assert.deepEqual(sent(effects), ['snot_allowed'])
})

const nameless = encodeName({ flags: OFFERED_FLAGS | FLAGS.NAME_ME.bit, creation: 0, name: '1.1.1.1' })

test('a peer that asks for a name is refused by default', () => {
  const effects = acceptor().receive(nameless)
  assert.deepEqual(sent(effects), ['snot_allowed'])
  assert.equal(outcome(effects).code, 'DYNAMIC_NAME_REFUSED')
})

test('a peer that asks for a name can be given one', () => {
  const given: NameDecision = { name: 'K3F@1.1.1.1', creation: 33 }
  const other = acceptor({ decide: (claim) => (claim.dynamic && claim.name === '1.1.1.1' ? given : 'not_allowed') })
  const effects = other.receive(nameless)
  assert.equal(sent(effects)[0], 'snamed:\0\x0bK3F@1.1.1.1\0\0\0!')
  const last = outcome(other.receive(encodeReply({ challenge: 5, digest: digest(cookie, 222) })))
  assert.deepEqual([last.peer?.name, last.peer?.creation], ['K3F@1.1.1.1', 33])
})

test('a peer with our own name is refused', () => {
  const effects = acceptor().receive(encodeName({ flags: OFFERED_FLAGS, creation: 1, name: 'bar@2.2.2.2' }))
  assert.deepEqual(sent(effects), ['snot_allowed'])
  assert.equal(outcome(effects).code, 'PEER_NOT_ALLOWED')
})

test('a name that no node can have ends the handshake before anything is decided', () => {
  for (const name of ['', 'nobody', 'a@', '@b', 'a@b@c', 'a\n@b']) {
    const other = acceptor({ decide: () => assert.fail('asked to decide about a name that is none') })
    assert.equal(
      outcome(other.receive(encodeName({ flags: OFFERED_FLAGS, creation: 1, name }))).code,
      'HANDSHAKE_MALFORMED',
    )
  }
})

test('a close or a timeout says what was waited for, once', () => {
  const one = dialler()
  one.start()
  assert.match(outcome(one.closed()).message ?? '', /waiting for its status/)
  assert.deepEqual(one.expired(), [])
  assert.deepEqual(one.receive(encodeStatus('ok')), [], 'after the end nothing is taken')

  assert.equal(outcome(acceptor().expired()).code, 'HANDSHAKE_TIMEOUT')
  assert.match(outcome(acceptor().closed()).message ?? '', /had not given its name/)
})

test('a packet of another stage is unexpected', () => {
  const one = dialler()
  one.start()
  assert.equal(
    outcome(one.receive(encodeReply({ challenge: 1, digest: Buffer.alloc(16) }))).code,
    'HANDSHAKE_UNEXPECTED',
  )
  assert.equal(outcome(acceptor().receive(Buffer.from('GET / HTTP/1.1'))).code, 'HANDSHAKE_UNEXPECTED')
})

test('the cookie is seen in no inspection and no error', () => {
  const one = dialler({ cookie: `${cookie}-of-the-dialler` })
  const other = acceptor()
  const result = run(one, other)
  const text =
    inspect([one, other, result, one.closed()], { depth: 9, showHidden: true }) + JSON.stringify([one, other])
  assert.ok(!text.includes(cookie))
})
