import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { type EtcdOptions, etcd, type StartedAuthority } from '@tiebeam/tables'
import {
  type Etcd,
  freePort,
  hasPeer,
  makeAuthority,
  makeCertificate,
  requirePeer,
  type Scope,
  startEtcd,
  Teardown,
} from '@tiebeam/testing'
import { codeIs, startAlone, viewOf } from './alone.ts'
import { authorityCompliance } from './compliance.ts'
import { startFaultProxy } from './fault-proxy.ts'

const TIMEOUT_MS = 60_000
/** Of each request, where some are never answered. */
const PATIENCE_MS = 250
let server: Etcd
let registers = 0
const teardown = new Teardown()

before(async () => {
  if (hasPeer('etcd')) server = await startEtcd(teardown)
})
after(() => teardown.run())

function newKey(): string {
  registers += 1
  return `/test/${registers}`
}

function startAuthority(scope: Scope, options: Partial<EtcdOptions> = {}): Promise<StartedAuthority> {
  return startAlone(scope, etcd({ endpoints: [server.url], key: newKey(), timeoutMs: TIMEOUT_MS, ...options }))
}

/** Asks as an operator would. */
async function ask(url: string, path: string, body: unknown, token?: string): Promise<Record<string, unknown>> {
  const headers = token === undefined ? {} : { authorization: token }
  const answer = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body), headers })
  assert.ok(answer.ok, `${path}: ${await answer.clone().text()}`)
  return (await answer.json()) as Record<string, unknown>
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

authorityCompliance({
  name: 'etcd',
  peers: ['etcd'],
  fixture: async (scope, isDisturbed) => {
    const proxy = await startFaultProxy(scope, { target: server.url, patienceMs: PATIENCE_MS })
    const timeoutMs = isDisturbed ? PATIENCE_MS : TIMEOUT_MS
    const options = { endpoints: [proxy.url], key: newKey(), timeoutMs }
    return {
      kinds: Array.from({ length: 4 }, () => etcd(options)),
      disturb: (random) => proxy.disturb(random, 0.3),
      calm: () => proxy.calm(),
      report: () => JSON.stringify(Object.fromEntries(proxy.met)),
    }
  },
})

describe('a key of etcd as authority', () => {
  test('lies where it is expected', async (t) => {
    if (!requirePeer(t, 'etcd')) return
    const authority = await startAlone(t, etcd({ endpoints: [server.url] }))
    await authority.install(viewOf(1), 0)
    const { kvs } = await ask(server.url, 'kv/range', { key: base64('/tiebeam/tables/shop') })
    const [{ value }] = kvs as [{ value: string }]
    assert.deepEqual(JSON.parse(Buffer.from(value, 'base64').toString()), {
      format: 1,
      tables: 'shop',
      view: viewOf(1),
    })
  })

  test('with something else in it is left alone', async (t) => {
    if (!requirePeer(t, 'etcd')) return
    const key = newKey()
    const authority = await startAuthority(t, { key })
    const records = ['', 'garbage', '{"format":2}', '{"format":1,"tables":"other"}', '{"format":1,"tables":"shop"}']
    for (const text of records) {
      await ask(server.url, 'kv/put', { key: base64(key), value: base64(text) })
      await assert.rejects(authority.read(), codeIs('AUTHORITY_RECORD_INVALID', new RegExp(key)))
      await assert.rejects(authority.install(viewOf(1), 0), codeIs('AUTHORITY_RECORD_INVALID'))
      const { kvs } = await ask(server.url, 'kv/range', { key: base64(key) })
      assert.equal((kvs as [{ value?: string }])[0].value ?? '', base64(text))
    }
  })

  test('that was deleted reads as none', async (t) => {
    if (!requirePeer(t, 'etcd')) return
    const key = newKey()
    const authority = await startAuthority(t, { key })
    await authority.install(viewOf(1), 0)
    await ask(server.url, 'kv/deleterange', { key: base64(key) })
    assert.equal(await authority.read(), undefined)
    assert.deepEqual(await authority.install(viewOf(2), 1), { type: 'stands', view: undefined })
  })

  test('is reached by whichever endpoint answers', async (t) => {
    if (!requirePeer(t, 'etcd')) return
    const silent = createTcpServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    t.after(() => silent.close())
    const refused = `http://127.0.0.1:${await freePort()}`
    const mute = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const authority = await startAuthority(t, { endpoints: [refused, mute, server.url], timeoutMs: 9000 })
    assert.equal(await authority.read(), undefined)
    assert.equal((await authority.install(viewOf(1), 0)).type, 'installed')
    const none = await startAuthority(t, { endpoints: [refused] })
    await assert.rejects(none.read(), codeIs('AUTHORITY_UNKNOWN', /ECONNREFUSED/))
  })

  test('is not written again when an endpoint took the write and did not answer', async (t) => {
    if (!requirePeer(t, 'etcd')) return
    const proxy = await startFaultProxy(t, { target: server.url, patienceMs: 1000 })
    const authority = await startAuthority(t, { endpoints: [proxy.url, server.url] })
    proxy.choose = ({ url }) => (url?.includes('txn') ? 'resetAfter' : 'none')
    await assert.rejects(authority.install(viewOf(1), 0), codeIs('AUTHORITY_UNKNOWN'))
    assert.deepEqual(await authority.read(), viewOf(1))
    assert.equal(proxy.met.get('resetAfter'), 1)
  })

  test('is not made of what is no answer of etcd', async (t) => {
    if (!requirePeer(t, 'etcd')) return
    const proxy = await startFaultProxy(t, { target: server.url, patienceMs: 1000 })
    const authority = await startAuthority(t, { endpoints: [proxy.url] })
    proxy.give = (text) => text.replace('header', 'footer')
    await assert.rejects(authority.read(), codeIs('AUTHORITY_UNKNOWN', /none of etcd/))
    proxy.give = () => '<html>'
    await assert.rejects(authority.install(viewOf(1), 0), codeIs('AUTHORITY_UNKNOWN', /none of etcd/))
  })

  test('is reached with TLS, and only where the certificate is trusted', async (t) => {
    if (!requirePeer(t, 'etcd', 'openssl')) return
    const folder = await mkdtemp(join(tmpdir(), 'tiebeam-etcd-tls-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const trusted = await makeAuthority(folder, 'authority')
    const files = await makeCertificate(folder, 'etcd', trusted, {
      subject: '/CN=etcd',
      alternativeNames: 'IP:127.0.0.1',
    })
    const own = await makeCertificate(folder, 'client', trusted, { subject: '/CN=client' })
    const [ca, cert, key] = await Promise.all(
      [trusted.certificate, files.certificate, files.key].map((file) => readFile(file)),
    )
    const port = Number(new URL(server.url).port)
    const terminator = createTlsServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, (socket) => {
      socket.on('error', () => {})
      socket.pipe(connect(port, '127.0.0.1')).pipe(socket)
    }).listen(0, '127.0.0.1')
    await once(terminator, 'listening')
    t.after(() => terminator.close())
    const endpoints = [`https://127.0.0.1:${(terminator.address() as AddressInfo).port}`]
    const tls = { ca, cert: await readFile(own.certificate), key: await readFile(own.key) } as NonNullable<
      EtcdOptions['tls']
    >
    const authority = await startAuthority(t, { endpoints, tls })
    assert.equal((await authority.install(viewOf(1), 0)).type, 'installed')
    const distrustful = await startAuthority(t, { endpoints })
    await assert.rejects(distrustful.install(viewOf(2), 1), codeIs('AUTHORITY_UNKNOWN', /certificate/))
    assert.deepEqual(await authority.read(), viewOf(1))
  })

  test('takes a user who may, and says when a user may not', async (t) => {
    if (!requirePeer(t, 'etcd')) return
    const guarded = await startEtcd(t)
    const { url } = guarded
    for (const name of ['root', 'shop', 'stranger']) await ask(url, 'auth/user/add', { name, password: `${name}-1` })
    for (const name of ['root', 'shop']) await ask(url, 'auth/role/add', { name })
    const perm = { permType: 'READWRITE', key: base64('/tiebeam/tables/shop') }
    await ask(url, 'auth/role/grant', { name: 'shop', perm })
    for (const name of ['root', 'shop']) await ask(url, 'auth/user/grant', { user: name, role: name })
    await ask(url, 'auth/enable', {})

    const options = { endpoints: [url], timeoutMs: TIMEOUT_MS }
    const proxy = await startFaultProxy(t, { target: url, patienceMs: 10_000 })
    let authentications = 0
    proxy.before = async (request) => {
      if (request.url?.includes('authenticate')) authentications += 1
    }
    const viaProxy = { ...options, endpoints: [proxy.url] }
    const shop = await startAlone(t, etcd({ ...viaProxy, username: 'shop', password: 'shop-1' }))
    assert.equal((await shop.install(viewOf(1), 0)).type, 'installed')
    for (const user of [
      {},
      { username: 'stranger', password: 'stranger-1' },
      { username: 'shop', password: 'wrong' },
    ]) {
      const authority = await startAlone(t, etcd({ ...options, ...user }))
      await assert.rejects(authority.read(), codeIs('AUTHORITY_REFUSED'))
      await assert.rejects(authority.install(viewOf(2), 1), codeIs('AUTHORITY_REFUSED'))
    }
    // A password that is set, be it the same, ends the tokens that were given out before.
    const { token } = await ask(url, 'auth/authenticate', { name: 'root', password: 'root-1' })
    await ask(url, 'auth/user/changepw', { name: 'shop', password: 'shop-1' }, token as string)
    assert.equal((await shop.install(viewOf(2), 1)).type, 'installed')
    assert.equal(authentications, 2)
  })
})

test('options that cannot be meant are refused, with what to give', () => {
  const valid = { endpoints: ['http://etcd:2379'] }
  const wrong: unknown[] = [
    { endpoints: [] },
    { endpoints: ['etcd:2379'] },
    { endpoints: ['http://etcd:2379/path'] },
    { endpoints: 'http://etcd:2379' },
    { ...valid, key: '' },
    { ...valid, username: 'shop' },
    { ...valid, timeoutMs: 0 },
    { ...valid, tls: { key: 'pem' } },
    { ...valid, tls: { key: 'no', cert: 'pem' } },
  ]
  for (const options of wrong) {
    assert.throws(() => etcd(options as EtcdOptions), codeIs('OPTION_INVALID', /^etcd: /), JSON.stringify(options))
  }
  assert.equal(etcd(valid).kind, 'etcd')
})
