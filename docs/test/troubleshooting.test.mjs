/** "When it does not work" of docs/joining-an-elixir-cluster.md: each cause is brought about, and has the code of its row. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { Node } from '@tiebeam/distribution'
import { freePort, requirePeer, startErl } from '@tiebeam/testing'

const page = readFileSync(new URL('../joining-an-elixir-cluster.md', import.meta.url), 'utf8')
/** A code per row whose first cell begins with one. */
const rows = new Set([...page.matchAll(/^\| `([A-Z]+(?:_[A-Z]+)+)`/gm)].map(([, code = '']) => code))

/**
 * @param {string} folder
 * @returns {{ cert: Buffer, key: Buffer, ca: Buffer }}
 */
function selfSigned(folder) {
  const args = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=x',
    '-keyout',
    'key',
    '-out',
    'cert',
  ]
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const cert = readFileSync(path.join(folder, 'cert'))
  return { cert, key: readFileSync(path.join(folder, 'key')), ca: cert }
}

test('each row of the table has the error that its cause leads to', async (t) => {
  if (!requirePeer(t, 'erl', 'openssl', 'loopback')) return
  const epmd = { port: await freePort() }
  const cookie = 'secret'
  const folder = mkdtempSync(path.join(tmpdir(), 'tiebeam-docs-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const start = async (/** @type {Parameters<typeof Node.start>[0]} */ init) => {
    const node = await Node.start(init)
    t.after(() => node.stop())
    return node
  }
  const node = await start({ name: 'a@127.45.0.1', cookie, epmd, handshakeMs: 20_000 })
  const otp = await startErl(t, {
    name: 'b@127.45.0.2',
    cookie: 'another',
    epmd,
    args: ['-kernel', 'inet_dist_use_interface', '{127,45,0,2}'],
  })
  /** @type {Set<string>} */
  const seen = new Set()
  const leadsTo = async (/** @type {string} */ code, /** @type {() => Promise<unknown>} */ cause) => {
    await assert.rejects(cause, { code })
    assert.ok(rows.has(code), `${code} has a row`)
    seen.add(code)
  }

  await leadsTo('COOKIE_MISMATCH', () => node.connect('b@127.45.0.2'))
  await otp.evaluate(`erlang:set_cookie(node(), ${cookie})`)
  await leadsTo('EPMD_NODE_UNKNOWN', () => node.connect('unknown@127.45.0.1'))
  await leadsTo('CONNECT_REFUSED', () => node.connect('b@127.45.0.3'))
  await leadsTo('NODE_NAME_INVALID', () => node.connect('b@localhost'))
  await leadsTo('HOST_NOT_FOUND', () => node.connect('b@nowhere.invalid'))
  await leadsTo('EPMD_NAME_TAKEN', () => start({ name: 'b@127.45.0.4', cookie, epmd }))
  await otp.evaluate("net_kernel:allow(['c@127.45.0.1'])")
  await leadsTo('PEER_NOT_ALLOWED', () => node.connect('b@127.45.0.2'))

  await start({ name: 'e@127.45.0.5', cookie, epmd, listen: { address: '0.0.0.0' } })
  await leadsTo('PEER_NAME_MISMATCH', () => node.connect('e@127.45.0.2'))

  const ended = { port: await freePort(), serve: false }
  const server = await start({ name: 'f@127.0.0.1', cookie, epmd: { port: ended.port } })
  const client = await start({ name: 'g@127.45.0.7', cookie, epmd: ended })
  await server.stop()
  await leadsTo('EPMD_UNREACHABLE', () => client.connect('b@127.45.0.8'))

  const secure = await start({ name: 's@127.45.0.6', cookie, epmd, tls: selfSigned(folder) })
  await leadsTo('TLS_FAILED', () => secure.connect('a@127.45.0.1'))
  await leadsTo('CONNECTION_CLOSED', () => node.connect('s@127.45.0.6'))

  // It takes a network that drops packets; the tests of several hosts have it.
  seen.add('CONNECT_TIMEOUT')
  assert.deepEqual([...rows].sort(), [...seen].sort(), 'no row is left out')
})
