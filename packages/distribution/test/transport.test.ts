import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { freePort, loopback, requirePeer } from '@tiebeam/testing'
import { DistributionError, type DistributionErrorCode } from '../src/index.ts'
import { dial } from '../src/transport/dial.ts'
import { listen } from '../src/transport/listen.ts'
import { clientTlsOptions } from '../src/transport/tls.ts'
import { makeCertificates } from './real/certificates.ts'

const address = '127.0.0.1'

function isCode(code: DistributionErrorCode) {
  return (error: unknown) => error instanceof DistributionError && error.code === code
}

test('a dialled connection carries bytes both ways, and outlives its listener', async (t) => {
  const accepted: Socket[] = []
  const listener = await listen({ address, onConnection: (socket) => accepted.push(socket.on('error', () => {})) })
  const socket = await dial({ address, port: listener.port })
  t.after(() => socket.destroy())
  socket.write('to the acceptor')
  const [first] = accepted
  assert.ok(first)
  assert.equal(String(await once(first, 'data')), 'to the acceptor')
  await listener.close()
  first.write('to the dialler')
  assert.equal(String(await once(socket, 'data')), 'to the dialler')
  await assert.rejects(dial({ address, port: listener.port }), isCode('CONNECT_REFUSED'))
  first.destroy()
})

test('each way not to connect has its code', async (t) => {
  await assert.rejects(dial({ address, port: await freePort() }), isCode('CONNECT_REFUSED'))
  await assert.rejects(dial({ address: 'no-such-host.invalid', port: 1 }), isCode('HOST_NOT_FOUND'))
  await assert.rejects(dial({ address, port: 1, signal: AbortSignal.abort() }), isCode('CONNECT_FAILED'))

  // A server that takes connections and says nothing: TLS with it never stands.
  const silent = createServer((socket) => t.after(() => socket.destroy()))
  silent.listen(0, address)
  await once(silent, 'listening')
  t.after(() => silent.close())
  const { port } = silent.address() as { port: number }
  if (!requirePeer(t, 'openssl')) return
  const tls = makeCertificates(t, [address]).tls(address)
  await assert.rejects(dial({ address, port, tls, timeoutMs: 100 }), isCode('CONNECT_TIMEOUT'))
  const controller = new AbortController()
  const attempt = dial({ address, port, tls, signal: controller.signal })
  controller.abort()
  await assert.rejects(attempt, isCode('CONNECT_FAILED'))
})

test('a port that is taken, or an address of another host, is said with advice', async (t) => {
  const first = await listen({ address, onConnection: () => {} })
  t.after(() => first.close())
  const taken = (error: unknown) => isCode('LISTEN_FAILED')(error) && /port is taken/.test((error as Error).message)
  await assert.rejects(listen({ address, port: first.port, onConnection: () => {} }), taken)
  const foreign = (error: unknown) => isCode('LISTEN_FAILED')(error) && /no such address/.test((error as Error).message)
  await assert.rejects(listen({ address: '192.0.2.1', onConnection: () => {} }), foreign)
})

test('SNI names the host of the node, and is left out for IP addresses', () => {
  const init = { cert: '', key: '' }
  assert.equal(clientTlsOptions(init, 'db.example.org').servername, 'db.example.org')
  for (const host of ['10.0.0.7', '::1']) assert.equal(clientTlsOptions(init, host).servername, '')
})

test('over TLS both sides show certificates, and only those of a common authority do', async (t) => {
  if (!requirePeer(t, 'openssl', 'loopback')) return
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))

  const [us, them] = [loopback(1), loopback(2)]
  const ours = makeCertificates(t, [us, them])
  const others = makeCertificates(t, [us, them])
  const accepted: Socket[] = []
  const tlsErrors: Error[] = []
  const listener = await listen({
    address: them,
    tls: ours.tls(them),
    onConnection: (socket) => {
      accepted.push(socket.on('error', () => {}))
      socket.write('hello')
    },
    onTlsError: (error) => tlsErrors.push(error),
  })
  t.after(() => listener.close())
  const where = { address: them, port: listener.port }

  const socket = await dial({ ...where, tls: ours.tls(us) })
  t.after(() => socket.destroy())
  assert.ok(socket instanceof TLSSocket && socket.authorized)
  assert.equal(String(await once(socket, 'data')), 'hello')
  const [first] = accepted
  assert.ok(first instanceof TLSSocket && first.authorized)
  first.destroy()

  await assert.rejects(dial({ ...where, tls: others.tls(us) }), isCode('TLS_FAILED'), 'its authority is not ours')
  await assert.rejects(
    dial({ ...where, host: 'else.example.org', tls: ours.tls(us) }),
    isCode('TLS_FAILED'),
    'its host',
  )
  const unchecked = await dial({ ...where, host: 'else.example.org', tls: { ...ours.tls(us), verifyHost: false } })
  await once(unchecked, 'data')
  unchecked.destroy()

  // TLS 1.3 lets a client believe in success before the server has seen its certificate: the refusal comes after.
  const stranger = await dial({ ...where, tls: { ...others.tls(us), verifyPeer: false } }).catch(
    (error: Error) => error,
  )
  if (!(stranger instanceof Error)) {
    stranger.on('error', () => {})
    await once(stranger.resume(), 'close')
  }
  assert.ok(tlsErrors.length > 0)
  assert.equal(accepted.length, 2)

  const plain = await dial(where)
  plain.on('error', () => {}).write(Buffer.alloc(100, 1))
  await once(plain.resume(), 'close')
  assert.deepEqual(warnings, [])
})

test('connections in the middle of a TLS handshake are limited', async (t) => {
  if (!requirePeer(t, 'openssl')) return
  const tls = makeCertificates(t, [address]).tls(address)
  const listener = await listen({
    address,
    tls,
    tlsHandshakesMax: 2,
    onConnection: (socket) => socket.on('error', () => {}),
  })
  t.after(() => listener.close())
  const stuck = await Promise.all([1, 2].map(() => dial({ address, port: listener.port })))
  t.after(() => stuck.map((socket) => socket.destroy()))
  const third = await dial({ address, port: listener.port })
  await once(third.on('error', () => {}).resume(), 'close')
  for (const socket of stuck) {
    socket.on('error', () => {}).destroy()
    await once(socket, 'close')
  }
  const established: Socket[] = []
  for (let count = 0; count < 4; count++) {
    const next = await dial({ address, port: listener.port, tls }).catch(() => undefined)
    if (next !== undefined) established.push(next.on('error', () => {}))
  }
  t.after(() => established.map((socket) => socket.destroy()))
  assert.ok(established.length >= 3, 'those that are established do not count')
})
