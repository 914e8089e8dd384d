/** How connections come about and end: each claim is tried with an OTP node and with a Tiebeam node. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { freePort, requirePeer, startErl, waitFor } from '@tiebeam/testing'
import { DistributionError } from '../src/errors.ts'
import type { Logger } from '../src/logger.ts'
import { Node } from '../src/node.ts'
import { cookie, freshName, peerKinds, startNode, startPeer } from './peers/start-peer.ts'

function rejectsWith(code: string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof DistributionError, inspect(error))
    assert.equal(error.code, code, error.message)
    return true
  }
}

/** Keeps what was logged, as text. */
function recordingLogger(lines: string[]): Logger {
  const log = (object: object | string, message?: string): void => {
    lines.push(`${inspect(object, { depth: 10, showHidden: true })} ${message ?? ''}`)
  }
  return { trace: log, debug: log, info: log, warn: log, error: log, fatal: log, child: () => recordingLogger(lines) }
}

for (const kind of peerKinds) {
  test(`connecting at the same time from both sides ends in one connection (${kind})`, async (t) => {
    if (kind === 'OTP' && !requirePeer(t, 'erl')) return
    const port = await freePort()
    const epmd = { port }
    // Whose attempt has precedence depends on the names: one subject is below the peer's name, one above.
    for (const base of ['a', 'z']) {
      const node = await startNode(t, { name: freshName(`${base}-subject`), epmd })
      const name = freshName('peer')
      const erl = kind === 'OTP' ? await startErl(t, { name, cookie, epmd }) : undefined
      const other = erl === undefined ? await startNode(t, { name, epmd }) : undefined
      for (let round = 0; round < 25; round += 1) {
        const theirs = erl?.evaluate(`net_kernel:connect_node('${node.name}')`) ?? other?.connect(node.name)
        const results = await Promise.allSettled([node.connect(name), node.connect(name), theirs])
        assert.deepEqual(
          results.map(({ status }) => status),
          ['fulfilled', 'fulfilled', 'fulfilled'],
          inspect(results),
        )
        if (erl !== undefined) assert.equal((results[2] as PromiseFulfilledResult<unknown>).value, 'true')
        assert.deepEqual(node.nodes('connected'), [name])
        assert.equal(await node.ping(name), 'pong')
        const { connected, disconnected } = node.stats()
        assert.equal(connected, round + 1, 'a connection was made twice')
        assert.equal(disconnected, round)
        await node.disconnect(name)
        if (erl !== undefined) await erl.evaluate(`(fun F() -> case nodes(connected) of [] -> ok; _ -> F() end end)()`)
        else await waitFor(() => other?.nodes('connected').length === 0)
      }
      await node.stop()
    }
  })

  test(`a peer with another cookie is refused, and both sides say so without it (${kind})`, async (t) => {
    if (kind === 'OTP' && !requirePeer(t, 'erl')) return
    const lines: string[] = []
    const secret = 'Mellon-7351'
    const epmd = { port: await freePort() }
    const node = await startNode(t, {
      name: freshName('subject'),
      epmd,
      cookie: secret,
      logger: recordingLogger(lines),
    })
    const name = freshName('stranger')
    let theirs: Promise<unknown>
    if (kind === 'OTP') {
      const erl = await startErl(t, { name, cookie: 'another', epmd })
      await assert.rejects(node.connect(name), rejectsWith('COOKIE_MISMATCH'))
      theirs = erl.evaluate(`net_kernel:connect_node('${node.name}')`)
      assert.equal(await theirs, 'false')
    } else {
      const stranger = await startNode(t, { name, epmd, cookie: 'another' })
      await assert.rejects(node.connect(name), rejectsWith('COOKIE_MISMATCH'))
      await assert.rejects(stranger.connect(node.name), rejectsWith('COOKIE_MISMATCH'))
      assert.deepEqual(stranger.nodes('connected'), [])
    }
    assert.deepEqual(node.nodes('connected'), [])
    await waitFor(() =>
      lines.some((line) => line.includes('COOKIE_MISMATCH') && line.includes('a caller was turned away')),
    )
    const told =
      lines.join('\n') + inspect(node, { depth: 20, showHidden: true }) + inspect(node.stats(), { depth: 20 })
    assert.ok(!told.includes(secret), 'the cookie was told')
    assert.equal(lines.filter((line) => line.includes('a caller was turned away')).length, 1)
  })

  test(`a silent peer is dropped after the tick time, and a quiet one is not (${kind})`, async (t) => {
    if (kind === 'OTP' && !requirePeer(t, 'erl')) return
    const epmd = { port: await freePort() }
    const node = await startNode(t, { name: freshName('subject'), epmd, netTickTimeMs: 8_000 })
    const downs: DistributionError[] = []
    node.on('nodedown', ({ reason }) => downs.push(reason))
    const args = ['-kernel', 'net_ticktime', '8']
    const name = freshName('peer')
    if (kind === 'OTP') {
      const erl = await startErl(t, { name, cookie, epmd, args })
      await node.connect(name)
      await new Promise((resolve) => setTimeout(resolve, 12_000))
      assert.deepEqual(downs, [], 'a peer that ticks was dropped')
      assert.equal(await erl.evaluate('nodes(connected)'), `['${node.name}']`)
      erl.suspend()
      await waitFor(() => downs.length > 0)
      erl.resume()
    } else {
      const other = await startNode(t, { name, epmd, netTickTimeMs: 8_000 })
      await node.connect(name)
      await new Promise((resolve) => setTimeout(resolve, 12_000))
      assert.deepEqual(downs, [], 'a peer that ticks was dropped')
      // Ticks so rarely that for the subject it is as good as silent.
      await other.stop()
      await waitFor(() => downs.length > 0)
      downs.length = 0
      await startNode(t, { name, epmd, netTickTimeMs: 3_600_000 })
      await node.connect(name)
      await waitFor(() => downs.length > 0)
    }
    assert.deepEqual(
      downs.map(({ code }) => code),
      ['TICK_TIMEOUT'],
    )
  })

  test(`a peer that was killed and started again is connected to under its name (${kind})`, async (t) => {
    if (kind === 'OTP' && !requirePeer(t, 'erl')) return
    const epmd = { port: await freePort() }
    const node = await startNode(t, { name: freshName('subject'), epmd })
    const name = freshName('peer')
    for (let life = 1; life <= 2; life += 1) {
      if (kind === 'OTP') {
        const erl = await startErl(t, { name, cookie, epmd })
        assert.equal(await erl.evaluate(`net_adm:ping('${node.name}')`), 'pong')
        const down = once(node, 'nodedown')
        await erl.kill()
        await down
      } else {
        const other = await startNode(t, { name, epmd })
        await other.connect(node.name)
        const down = once(node, 'nodedown')
        await other.stop({ timeoutMs: 0 })
        await down
      }
      assert.deepEqual(node.nodes('connected'), [])
    }
  })

  test(`a peer whose connection died unnoticed replaces it (${kind})`, async (t) => {
    if (kind === 'OTP' && !requirePeer(t, 'erl')) return
    const epmd = { port: await freePort() }
    const node = await startNode(t, { name: freshName('subject'), epmd })
    // A wire that can be cut without either side being told: the peer thinks it is gone, the subject does not.
    const peer = await startPeer(t, kind, epmd.port)
    await node.connect(peer.name)
    const downs: string[] = []
    node.on('nodedown', ({ reason }) => downs.push(reason.code))
    const again = await Node.start({ name: peer.name, cookie, epmd: false, port: node.port, listen: { port: 0 } })
    t.after(() => again.stop())
    await again.connect(node.name)
    await waitFor(() => downs.length === 1)
    assert.deepEqual(downs, ['CONNECTION_REPLACED'])
    assert.deepEqual(node.nodes('connected'), [peer.name])
    assert.equal(await node.ping(peer.name), 'pong')
    assert.deepEqual(again.nodes(), [node.name])
  })
}

for (const kind of peerKinds) {
  test(`a connection to a silent peer is made anew beside the one that stands (${kind})`, async (t) => {
    if (kind === 'OTP' && !requirePeer(t, 'erl')) return
    const epmd = { port: await freePort() }
    const node = await startNode(t, { name: freshName('subject'), epmd })
    const peer = await startPeer(t, kind, epmd.port)
    const downs: string[] = []
    node.on('nodedown', ({ reason }) => downs.push(reason.code))
    await node.connect(peer.name, { anew: true })
    await node.connect(peer.name)
    assert.deepEqual(downs, [])
    // A peer may still say something of its own accord, and then the old one stays.
    await waitFor(() =>
      node.connect(peer.name, { anew: true }).then(
        () => true,
        () => false,
      ),
    )
    // The peer may close the old one before it ends the handshake of the new one, as OTP does.
    assert.equal(downs.length, 1)
    assert.match(downs[0] ?? '', /^CONNECTION_(REPLACED|CLOSED)$/)
    assert.equal(await node.ping(peer.name), 'pong')
    assert.deepEqual(node.stats().connecting, [])
  })
}

test('connections that both sides make anew at the same time are one in the end', async (t) => {
  const epmd = { port: await freePort() }
  const [one, two] = [
    await startNode(t, { name: freshName('one'), epmd }),
    await startNode(t, { name: freshName('two'), epmd }),
  ]
  await one.connect(two.name)
  for (let round = 0; round < 25; round += 1) {
    await Promise.allSettled([one.connect(two.name, { anew: true }), two.connect(one.name, { anew: true })])
    assert.equal(await one.ping(two.name), 'pong')
    assert.equal(await two.ping(one.name), 'pong')
  }
  for (const node of [one, two]) assert.deepEqual(node.stats().connecting, [])
})

test('a peer that is heard before the new connection stands keeps the old one', async (t) => {
  const epmd = { port: await freePort() }
  const [one, two] = [
    await startNode(t, { name: freshName('one'), epmd }),
    await startNode(t, { name: freshName('two'), epmd }),
  ]
  await one.connect(two.name)
  const downs: string[] = []
  one.on('nodedown', ({ reason }) => downs.push(reason.code))
  const anew = one.connect(two.name, { anew: true })
  // Its answer comes over the old connection while the new one is dialled.
  const pong = one.ping(two.name)
  await assert.rejects(anew, rejectsWith('ALREADY_CONNECTED'))
  assert.equal(await pong, 'pong')
  assert.deepEqual(downs, [])
  assert.deepEqual(one.nodes('connected'), [two.name])
})

test('what cannot be connected to is an error that says why', async (t) => {
  const epmd = { port: await freePort() }
  const node = await startNode(t, { name: freshName('subject'), epmd })
  const here = node.name.split('@')[1]
  await assert.rejects(node.connect(`nobody@${here}`), rejectsWith('EPMD_NODE_UNKNOWN'))
  await assert.rejects(node.connect('nobody@no-such-host.invalid'), rejectsWith('HOST_NOT_FOUND'))
  await assert.rejects(node.connect('nobody'), rejectsWith('NODE_NAME_INVALID'))
  await assert.rejects(node.connect(node.name), rejectsWith('NODE_NAME_INVALID'))
  const fixed = await startNode(t, { name: freshName('fixed'), epmd: false, port: await freePort() })
  await assert.rejects(fixed.connect(`nobody@${freshName('x').split('@')[1]}`), rejectsWith('CONNECT_REFUSED'))
  const renamed = await startNode(t, { name: freshName('renamed'), epmd: false, port: fixed.port })
  await assert.rejects(fixed.connect(`former@${renamed.name.split('@')[1]}`), rejectsWith('PEER_NAME_MISMATCH'))
  const choosy = await startNode(t, { name: freshName('choosy'), epmd, allow: (name) => name !== node.name })
  await assert.rejects(node.connect(choosy.name), rejectsWith('PEER_NOT_ALLOWED'))
  await choosy.connect(node.name)
})

test('a peer that does not answer the handshake is given up in time', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}))
  const name = freshName('mute')
  const port = await freePort(name.split('@')[1])
  server.listen(port, name.split('@')[1])
  await once(server, 'listening')
  t.after(() => server.close())
  const node = await startNode(t, { name: freshName('subject'), epmd: false, port, handshakeMs: 500 })
  await assert.rejects(node.connect(name), rejectsWith('HANDSHAKE_TIMEOUT'))
})

test('an attempt ends for the caller who gives it up, and goes on for the others', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}))
  const name = freshName('mute')
  const port = await freePort(name.split('@')[1])
  server.listen(port, name.split('@')[1])
  await once(server, 'listening')
  t.after(() => server.close())
  const node = await startNode(t, { name: freshName('subject'), epmd: false, port, handshakeMs: 2_000 })
  const impatient = new AbortController()
  const first = node.connect(name, { signal: impatient.signal })
  const second = node.connect(name)
  impatient.abort()
  await assert.rejects(first, rejectsWith('CONNECT_FAILED'))
  assert.deepEqual(node.stats().connecting, [name])
  await assert.rejects(second, rejectsWith('HANDSHAKE_TIMEOUT'))
  const last = new AbortController()
  const third = node.connect(name, { signal: last.signal })
  last.abort()
  await assert.rejects(third, rejectsWith('CONNECT_FAILED'))
  assert.deepEqual(node.stats().connecting, [])
})
