import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { freePort, loopback, RecordingLogger, requirePeer, type Scope, startElixir, waitFor } from '@tiebeam/testing'
import { type StartInit, start } from '../../src/index.ts'
import { TIEBEAM_VERSION } from '../../src/version.ts'

/** An app within this process, at an address of its own. */
async function startHere(t: Scope, init: StartInit = {}) {
  const host = loopback(1)
  const logger = new RecordingLogger()
  const app = await start({
    ...{ nodeName: `app@${host}`, cookie: 'a-long-secret', epmdPort: await freePort(), httpPort: 0 },
    ...{ logger, environment: {}, ownsProcess: false },
    ...init,
  })
  t.after(() => app.stop())
  const get = async (where: string) => {
    const response = await fetch(`http://${host}:${app.http?.port}${where}`)
    return { status: response.status, text: await response.text() }
  }
  return { app, host, logger, get }
}

test('a node that others can reach does not start without a cookie', async () => {
  const init = {
    environment: {},
    ownsProcess: false,
    serviceName: 'shop',
    podIp: '10.9.8.7',
    logger: new RecordingLogger(),
  }
  await assert.rejects(start(init), { code: 'SETTING_INVALID', message: /set RELEASE_COOKIE/ })
})

test('health, readiness and metrics are served, and readiness ends with the leaving', async (t) => {
  let isWarm = false
  const { app, get } = await startHere(t, { minimumNodes: 1, readyWhen: { cache: () => isWarm } })
  assert.deepEqual(await get('/healthz'), { status: 200, text: 'ok\n' })
  assert.deepEqual(await get('/readyz'), { status: 503, text: 'waits for cache\n' })
  isWarm = true
  assert.deepEqual(await get('/readyz'), { status: 200, text: 'ok\n' })
  assert.equal((await get('/other')).status, 404)
  let release = (): void => {}
  app.onLeave({ phase: 'drain', name: 'test', run: () => new Promise<void>((resolve) => (release = resolve)) })
  const stopping = app.stop()
  await waitFor(async () => (await get('/readyz')).status === 503)
  assert.equal((await get('/healthz')).status, 200)
  release()
  await stopping
})

test('the metrics have the form of Prometheus and the figures of the node', async (t) => {
  const { app, get } = await startHere(t, {})
  const { text } = await get('/metrics')
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name = '', value = ''] = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? assert.fail(line)
    samples.set(name, Number(value))
  }
  assert.equal(samples.get('tiebeam_ready'), 1)
  assert.equal(samples.get('tiebeam_nodes'), 1)
  assert.equal(samples.get('tiebeam_processes'), app.node.stats().processes)
  assert.equal(samples.get('tiebeam_reconnects_total'), 0)
  assert.ok(samples.has('tiebeam_discovery_failures_total') && samples.has('tiebeam_mailbox_messages'))
  assert.ok([...samples.keys()].some((name) => name.startsWith('nodejs_eventloop_lag')))
  assert.match(text, /# TYPE tiebeam_reconnects_total counter/)
})

test('links show in the metrics, and a node that comes back counts as a reconnect', async (t) => {
  const epmdPort = await freePort()
  const { app, get } = await startHere(t, { epmdPort })
  const other = await startHere(t, { epmdPort, nodeName: `other@${loopback(2)}`, httpPort: 'off' })
  await app.node.connect(other.app.name)
  await app.node.disconnect(other.app.name)
  await app.node.connect(other.app.name)
  await waitFor(async () => (await app.status()).reconnects === 1)
  const { text } = await get('/metrics')
  assert.match(text, new RegExp(`tiebeam_link_sent_bytes_total\\{peer="${other.app.name}"\\} [1-9]`))
  assert.match(text, /tiebeam_nodes 2/)
})

test('a port that is taken is an error where it was asked for', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await waitFor(() => server.listening)
  const { port } = server.address() as AddressInfo
  const starting = start({
    ...{ nodeName: 'app@127.0.0.1', cookie: 'a-long-secret', epmdPort: await freePort(), httpPort: port },
    ...{ environment: {}, ownsProcess: false, logger: new RecordingLogger() },
  })
  await assert.rejects(starting, { code: 'HTTP_LISTEN_FAILED', message: /TIEBEAM_HTTP_PORT/ })
})

test('what was started is stopped when a child does not start', async () => {
  const logger = new RecordingLogger()
  const children = () => {
    throw new Error('no children today')
  }
  const init = { nodeName: 'app@127.0.0.1', cookie: 'a-long-secret', epmdPort: await freePort(), httpPort: 0 }
  await assert.rejects(start({ ...init, environment: {}, ownsProcess: false, logger, children }), /no children today/)
  assert.equal(logger.matching(/node stopped/).length, 1)
})

test('neither the app nor its settings show the cookie', async (t) => {
  const { app, logger } = await startHere(t)
  const shown =
    inspect(app, { depth: 9, showHidden: true }) + inspect(app.settings) + JSON.stringify(await app.status())
  assert.ok(!shown.includes('a-long-secret'))
  assert.ok(!logger.lines.join('\n').includes('a-long-secret'))
})

test('Elixir sees a visible node, its status, and only what is exposed', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const elixir = await startElixir(t, { name: `elixir@${loopback(3)}`, cookie: 'a-long-secret' })
  const { app } = await startHere(t, {
    epmdPort: elixir.epmdPort,
    expose: { shop: { price: (article: string) => article.length } },
  })
  await app.node.connect(elixir.name as string)
  await waitFor(async () => (await elixir.evaluateElixir('Node.list()')) === `[:"${app.name}"]`)
  const remote = `:"${app.name}"`
  assert.equal(await elixir.evaluateElixir(`:erpc.call(${remote}, :shop, :price, ["tea"])`), '3')
  assert.equal(
    await elixir.evaluateElixir(
      `s = :erpc.call(${remote}, :tiebeam, :status, []); {s["name"], s["state"], s["versions"]["tiebeam"]}`,
    ),
    `{"${app.name}", "ready", "${TIEBEAM_VERSION}"}`,
  )
  assert.match(
    await elixir.evaluateElixir(
      `try do :erpc.call(${remote}, :erlang, :halt, []) catch kind, reason -> {kind, reason} end`,
    ),
    /:error/,
  )
})

test('the version is that of the package', async () => {
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  assert.equal((JSON.parse(manifest) as { version: string }).version, TIEBEAM_VERSION)
})

test('the delay of the event loop shows what blocked it', async (t) => {
  const { app } = await startHere(t)
  const blockedMs = 300
  // Node measures from its first look on.
  await sleep(100)
  const until = performance.now() + blockedMs
  while (performance.now() < until);
  await waitFor(async () => (await app.status()).eventLoopDelayMs.max >= blockedMs - 50)
})

test('a scrape looks at the app once', async (t) => {
  const { app, get } = await startHere(t)
  const { mock } = t.mock.method(app, 'figures')
  await get('/metrics')
  await get('/metrics')
  assert.equal(mock.callCount(), 2)
})
