/** Links with a real OTP node, dialled by either side, over TCP and over TLS. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { atom, equals, Pid, Reference, tuple } from '@tiebeam/etf'
import { type Erl, loopback, requirePeer, type Scope, startEpmd, startErl } from '@tiebeam/testing'
import { epmdNode } from '../../src/epmd/codec.ts'
import { lookupNode, registerNode } from '../../src/epmd/shell/client.ts'
import { FLAGS, hasFlag, OFFERED_FLAGS } from '../../src/flags.ts'
import { DistributionError, type DistributionErrorCode } from '../../src/index.ts'
import { dial } from '../../src/transport/dial.ts'
import { listen } from '../../src/transport/listen.ts'
import type { TlsInit } from '../../src/transport/tls.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { creation, TestLink } from './test-link.ts'

const cookie = 'tiebeam'
const otpHost = loopback(1)
const ourHost = loopback(2)
const otpName = `otp@${otpHost}`
const ourName = `tie@${ourHost}`

interface Setting {
  readonly otp: Erl
  readonly epmdPort: number
  readonly tls: TlsInit | undefined
}

async function start(t: Scope, certificates?: Certificates): Promise<Setting> {
  const epmd = await startEpmd(t)
  const args = certificates?.erlArgs(otpHost) ?? []
  const otp = await startErl(t, { name: otpName, cookie, epmd, args })
  return { otp, epmdPort: epmd.port, tls: certificates?.tls(ourHost) }
}

async function dialOtp(
  t: Scope,
  setting: Setting,
  init: { cookie?: string; name?: string; peerName?: string; flags?: bigint } = {},
) {
  const node = await lookupNode('otp', { address: otpHost, port: setting.epmdPort })
  const socket = await dial({ address: otpHost, port: node.port, tls: setting.tls })
  return TestLink.dial(t, socket, { name: ourName, cookie, peerName: otpName, ...init }, setting.tls !== undefined)
}

async function beDialled(t: Scope, setting: Setting, acceptorCookie = cookie): Promise<TestLink> {
  const connection = new Promise<TestLink>((resolve, reject) => {
    const listening = listen({
      address: ourHost,
      tls: setting.tls,
      onConnection: (socket) => {
        const init = { name: ourName, cookie: acceptorCookie, decide: () => 'ok' as const }
        TestLink.accept(t, socket, init, setting.tls !== undefined).then(resolve, reject)
      },
    })
    void listening.then(async (listener) => {
      t.after(() => listener.close())
      const registration = await registerNode(epmdNode('tie', listener.port), {
        address: '127.0.0.1',
        port: setting.epmdPort,
      })
      t.after(() => registration.close())
      void setting.otp.evaluate(`net_kernel:connect_node('${ourName}')`, { process: 'connect' }).catch(() => {})
    }, reject)
  })
  return connection
}

for (const transport of ['TCP', 'TLS'] as const) {
  const needs =
    transport === 'TLS' ? (['erl', 'epmd', 'loopback', 'openssl'] as const) : (['erl', 'epmd', 'loopback'] as const)
  const prepare = (t: Scope) => start(t, transport === 'TLS' ? makeCertificates(t, [otpHost, ourHost]) : undefined)

  test(`OTP takes a link that we dial over ${transport}, and messages pass both ways`, async (t) => {
    if (!requirePeer(t, ...needs)) return
    const setting = await prepare(t)
    const link = await dialOtp(t, setting)
    assert.equal(link.peer.name, otpName)
    assert.ok(hasFlag(link.peer.negotiated, 'FRAGMENTS') && hasFlag(link.peer.negotiated, 'DIST_HDR_ATOM_CACHE'))
    await talk(setting.otp, link)
    assert.equal(await setting.otp.evaluate('nodes(hidden)'), `['${ourName}']`)
    assert.equal(await setting.otp.evaluate('nodes()'), '[]')
  })

  test(`OTP dials a link to us over ${transport}, and messages pass both ways`, async (t) => {
    if (!requirePeer(t, ...needs)) return
    const setting = await prepare(t)
    const link = await beDialled(t, setting)
    assert.equal(link.peer.name, otpName)
    await talk(setting.otp, link)
  })
}

/** Messages of all sizes in both directions, and the signals that OTP sends and answers. */
async function talk(otp: Erl, link: TestLink): Promise<void> {
  const us = new Pid(ourName, 1, 0, creation)
  await otp.evaluate(`
    Echo = spawn(fun Loop() -> receive {From, Message} -> From ! Message, Loop(); {Alias, Message, alias} ->
      erlang:send(Alias, Message), Loop() end end),
    register(echo, Echo)`)
  for (const bytes of [10, 1000, 65_536, 65_537, 200_000, 5_000_000]) {
    const text = `${bytes}${'tiebeam '.repeat(bytes / 8)}`
    link.send({ type: 'sendName', from: us, name: 'echo', message: tuple(us, tuple(atom('echoed'), text)) })
    const echoed = await link.receive('send')
    assert.ok(equals(echoed.to, us))
    assert.ok(equals(echoed.message, tuple(atom('echoed'), text)), `${bytes} bytes came back as something else`)
  }

  link.send({ type: 'monitor', from: us, to: 'echo', reference: new Reference(ourName, creation, [1, 2, 3]) })
  link.send({ type: 'monitor', from: us, to: 'nobody', reference: new Reference(ourName, creation, [4, 5, 6]) })
  const noproc = await link.receive('monitorExit')
  assert.deepEqual([noproc.from, noproc.reference.ids, noproc.reason], ['nobody', [4, 5, 6], atom('noproc')])
  await otp.evaluate('exit(whereis(echo), {long, lists:duplicate(100_000, reason)})')
  const down = await link.receive('monitorExit')
  assert.equal(down.from, 'echo')
  assert.ok(equals(down.reason, tuple(atom('long'), new Array(100_000).fill(atom('reason')))))

  const caller = await otp.evaluate('self()')
  assert.match(caller, /^<0\./)
  await otp.evaluate(`spawn_request('${ourName}', lists, seq, [1, 10], [monitor, {reply, error_only}])`)
  const request = await link.receive('spawnRequest')
  assert.deepEqual(
    [request.module, request.function, request.arity, request.args],
    [atom('lists'), atom('seq'), 2, [1, 10]],
  )
  link.send({ type: 'spawnReply', requestId: request.requestId, to: request.from, flags: 0, result: atom('notsup') })
  const refusal = await otp.evaluate('receive {spawn_reply, _, error, Refusal} -> Refusal end')
  assert.equal(refusal, 'notsup')
}

function rejectsCode(promise: Promise<unknown>, code: DistributionErrorCode): Promise<void> {
  return assert.rejects(promise, (error) => error instanceof DistributionError && error.code === code)
}

test('OTP refuses a wrong cookie, and we know that it was the cookie', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const setting = await start(t)
  await rejectsCode(dialOtp(t, setting, { cookie: 'wrong' }), 'COOKIE_MISMATCH')
  await rejectsCode(beDialled(t, setting, 'wrong'), 'COOKIE_MISMATCH')
})

test('OTP under another name than was dialled is a mismatch', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  await rejectsCode(dialOtp(t, await start(t), { peerName: `other@${otpHost}` }), 'PEER_NAME_MISMATCH')
})

test('OTP that lets only some nodes in says not_allowed', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const setting = await start(t)
  await setting.otp.evaluate("net_kernel:allow(['friend@127.0.0.1'])")
  await rejectsCode(dialOtp(t, setting), 'PEER_NOT_ALLOWED')
})

test('OTP replaces a link that it believes alive, when we dial anew', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const setting = await start(t)
  const old = await dialOtp(t, setting)
  const second = dialOtp(t, setting)
  // OTP waits for the end of the old link before it takes up the new one.
  await once(old.socket.resume(), 'close').catch(() => {})
  const link = await second
  assert.equal(link.peer.replaces, true)
  await talk(setting.otp, link)
})

test('OTP asks for a name when it has none, and takes the one that it is given', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const epmd = await startEpmd(t)
  const given = { name: `K3F@${otpHost}`, creation: 77 }
  let claimed: string | undefined
  const established = new Promise<TestLink>((resolve, reject) => {
    void listen({
      address: ourHost,
      onConnection: (socket) => {
        const decide = (claim: { name: string; dynamic: boolean }) => {
          claimed = `${claim.dynamic} ${claim.name}`
          return given
        }
        TestLink.accept(t, socket, { name: ourName, cookie, decide }).then(resolve, reject)
      },
    })
      .then(async (listener) => {
        t.after(() => listener.close())
        const registration = await registerNode(epmdNode('tie', listener.port), {
          address: '127.0.0.1',
          port: epmd.port,
        })
        t.after(() => registration.close())
        const otp = await startErl(t, { name: `undefined@${otpHost}`, cookie, epmd })
        await otp.evaluate(`net_kernel:connect_node('${ourName}')`)
        assert.equal(await otp.evaluate('node()'), `'${given.name}'`)
      })
      .catch(reject)
  })
  const link = await established
  assert.equal(claimed, `true ${otpHost}`)
  assert.equal(link.peer.name, given.name)
})

for (const without of ['DIST_HDR_ATOM_CACHE', 'FRAGMENTS', 'EXIT_PAYLOAD', 'SEND_SENDER'] as const) {
  test(`OTP and we understand each other without ${without}`, async (t) => {
    if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
    const setting = await start(t)
    const link = await dialOtp(t, setting, { flags: OFFERED_FLAGS & ~FLAGS[without].bit })
    assert.ok(!hasFlag(link.peer.negotiated, without))
    await talk(setting.otp, link)
  })
}

test('OTP and we understand each other without any header', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const setting = await start(t)
  const flags = OFFERED_FLAGS & ~FLAGS.FRAGMENTS.bit & ~FLAGS.DIST_HDR_ATOM_CACHE.bit
  await talk(setting.otp, await dialOtp(t, setting, { flags }))
})
