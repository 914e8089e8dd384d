import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePort } from '@tiebeam/testing'
import {
  hasCode,
  KubernetesClient,
  type KubernetesClientInit,
  type KubernetesErrorCode,
  pods,
} from '../../src/index.ts'
import { type FaultServer, failure, json, list, reset, silence, startFaultServer, stream } from '../fault-server.ts'

interface Started {
  readonly server: FaultServer
  readonly client: KubernetesClient
}

async function start(t: TestContext, init: KubernetesClientInit = {}, credentials = {}): Promise<Started> {
  const server = await startFaultServer(t)
  const config = { server: `${server.url}/behind/a/path/`, namespace: 'shop', credentials }
  const client = new KubernetesClient(config, { backOffMs: 1, ...init })
  t.after(() => client.close())
  return { server, client }
}

async function rejectsWith(promise: Promise<unknown>, code: KubernetesErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(hasCode(error, code), String(error))
    return true
  })
}

const path = '/api/v1/pods'

test('a read is repeated over resets and refusals that may pass, below the path of the server', async (t) => {
  const { server, client } = await start(t)
  server.script(
    reset(),
    failure(503, 'ServiceUnavailable'),
    failure(429, 'TooManyRequests'),
    reset('{"half'),
    json(200, { ok: 1 }),
  )
  assert.deepEqual(await client.request({ path, query: { limit: 1 } }), { ok: 1 })
  assert.equal(server.asked.length, 5)
  assert.deepEqual([server.asked[4]?.path, server.asked[4]?.query], ['/behind/a/path/api/v1/pods', { limit: '1' }])
})

test('a read is not repeated for ever', async (t) => {
  const { server, client } = await start(t, { attemptsMax: 3 })
  server.script(failure(503, 'ServiceUnavailable'))
  await rejectsWith(client.request({ path }), 'SERVICE_UNAVAILABLE')
  assert.equal(server.asked.length, 3)
})

test('a write that may have been done is not repeated', async (t) => {
  const { server, client } = await start(t)
  server.script(reset())
  await rejectsWith(client.request({ path, method: 'POST', body: {} }), 'CONNECTION_FAILED')
  server.script(failure(503, 'ServiceUnavailable', { 'retry-after': '1' }))
  await rejectsWith(client.request({ path, method: 'DELETE' }), 'SERVICE_UNAVAILABLE')
  assert.equal(server.asked.length, 2)
})

test('a write that the server refused for now is sent again when it said', async (t) => {
  const { server, client } = await start(t)
  server.script(failure(429, 'TooManyRequests', { 'retry-after': '1' }), json(201, { made: true }))
  const startedMs = performance.now()
  assert.deepEqual(await client.request({ path, method: 'POST', body: { a: 1 } }), { made: true })
  assert.ok(performance.now() - startedMs >= 990)
  assert.deepEqual(
    server.asked.map(({ body }) => body),
    ['{"a":1}', '{"a":1}'],
  )
})

test('a Retry-After beyond the time of the request is told at once', async (t) => {
  const { server, client } = await start(t)
  server.script(failure(429, 'TooManyRequests', { 'retry-after': '3600' }))
  await assert.rejects(client.request({ path }), (error) => {
    assert.ok(hasCode(error, 'TOO_MANY_REQUESTS'))
    assert.equal(error.retryAfterMs, 3_600_000)
    return true
  })
  assert.equal(server.asked.length, 1)
})

test('a server that does not answer, or stops in the middle, is given up in time', async (t) => {
  const { server, client } = await start(t, { timeoutMs: 600 })
  server.script(silence)
  await rejectsWith(client.request({ path }), 'TIMEOUT')
  server.script(stream('{"half":'))
  await rejectsWith(client.request({ path }), 'TIMEOUT')
  server.script(silence)
  await rejectsWith(client.request({ path, method: 'PUT', body: {}, timeoutMs: 500 }), 'TIMEOUT')
  assert.equal(server.asked.length, 3)
})

test('a signal ends a request with its reason, and closing the client with CLIENT_CLOSED', async (t) => {
  const { server, client } = await start(t)
  server.script(silence)
  const reason = new Error('enough')
  const controller = new AbortController()
  const aborted = client.request({ path, signal: controller.signal })
  await server.askedTimes(1)
  controller.abort(reason)
  await assert.rejects(aborted, reason)
  await assert.rejects(client.request({ path, signal: controller.signal }), reason)
  const closed = client.request({ path })
  await server.askedTimes(2)
  client.close()
  await rejectsWith(closed, 'CLIENT_CLOSED')
  await rejectsWith(client.request({ path }), 'CLIENT_CLOSED')
})

test('a server that is not there is told with its address', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`
  const client = new KubernetesClient({ server: url, namespace: 'shop' }, { attemptsMax: 1 })
  t.after(() => client.close())
  await assert.rejects(
    client.request({ path }),
    (error) => hasCode(error, 'CONNECTION_FAILED') && error.message.includes(`${url} cannot be reached`),
  )
})

test('an answer that is no JSON, too large or no list is refused', async (t) => {
  const { server, client } = await start(t, { responseBytesMax: 1000 })
  server.script((response) => void response.end('<html>'))
  await rejectsWith(client.request({ path }), 'RESPONSE_MALFORMED')
  server.script((response) => void response.end('x'.repeat(1001)))
  await rejectsWith(client.request({ path }), 'RESPONSE_TOO_LARGE')
  for (const answer of [null, [], {}, { metadata: {}, items: 7 }, { metadata: {}, items: [null] }]) {
    server.script(json(200, answer))
    await rejectsWith(client.resource(pods).list(), 'RESPONSE_MALFORMED')
  }
  server.script(json(200, { metadata: { resourceVersion: '1' }, items: null }))
  assert.deepEqual(await client.resource(pods).list(), { items: [], resourceVersion: '1' })
})

test('a redirect is not followed: the credential is for this server alone', async (t) => {
  const { server, client } = await start(t, {}, { token: 'secret' })
  server.script((response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end())
  await rejectsWith(client.request({ path }), 'UNEXPECTED_STATUS')
})

test('a credential that cannot be sent, or no connection be made with, is told and not shown', async (t) => {
  const odd = await start(t, {}, { token: 'secret\n' })
  await assert.rejects(
    odd.client.request({ path }),
    (error) => hasCode(error, 'CREDENTIAL_UNAVAILABLE') && !/secret/.test(`${error.message} ${String(error.cause)}`),
  )
  const config = { server: 'https://127.0.0.1:1', namespace: 'shop' }
  const key = { clientCertificate: { data: 'CERT' }, clientKey: { data: 'KEY' } }
  const unkeyed = new KubernetesClient({ ...config, credentials: key })
  t.after(() => unkeyed.close())
  await rejectsWith(unkeyed.request({ path }), 'TLS_FAILED')
  const { client } = await start(t)
  await rejectsWith(client.request({ path: '/api/v1/a b' }), 'OPTION_INVALID')
})

test('a plugin that hangs does not hold up the end of a request', async (t) => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sleep',
    args: ['0.5'],
    env: {},
    provideClusterInfo: false,
    interactiveMode: 'Never',
  } as const
  const { client } = await start(t, { timeoutMs: 50 }, { exec })
  await rejectsWith(client.request({ path }), 'TIMEOUT')
})

test('after a 401 the token file is read again, and the request sent once more', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tiebeam-client-'))
  t.after(() => rm(folder, { recursive: true }))
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, 'old')
  const { server, client } = await start(t, {}, { tokenFile })
  server.script(json(200, {}))
  await client.request({ path })
  await writeFile(tokenFile, 'new')
  server.script(failure(401, 'Unauthorized'), json(200, { ok: 1 }))
  assert.deepEqual(await client.request({ path, method: 'POST', body: {} }), { ok: 1 })
  assert.deepEqual(
    server.asked.map(({ headers }) => headers.authorization),
    ['Bearer old', 'Bearer old', 'Bearer new'],
  )
  server.script(failure(401, 'Unauthorized'))
  await rejectsWith(client.request({ path }), 'UNAUTHORIZED')
  assert.equal(server.asked.length, 5)
})

test('a list whose continue token has expired begins anew, a few times', async (t) => {
  const { server, client } = await start(t)
  const expired = failure(410, 'Expired')
  server.script(list('5', { a: '1' }, 'more'), expired, list('7', { a: '1', b: '6' }, 'rest'), list('7', { c: '2' }))
  const { items, resourceVersion } = await client.resource(pods).list({ limit: 2 })
  assert.deepEqual(
    items.map(({ metadata }) => metadata?.name),
    ['a', 'b', 'c'],
  )
  assert.equal(resourceVersion, '7')
  assert.deepEqual(
    server.asked.map(({ query }) => query.continue),
    [undefined, 'more', undefined, 'rest'],
  )
  server.script(expired)
  await rejectsWith(client.resource(pods).list(), 'EXPIRED')
  assert.equal(server.asked.length, 8)
})

test('each way of writing has the media type and the query that the API asks for', async (t) => {
  const { server, client } = await start(t)
  server.script(json(200, {}))
  const shop = client.resource(pods)
  const pod = { metadata: { name: 'web' }, spec: { containers: [] } }
  await shop.create(pod, { dryRun: true, fieldValidation: 'Strict' })
  await shop.replace(pod, { subresource: 'status' })
  await shop.patch('web', {})
  await shop.patch('web', [], { type: 'json' })
  await shop.apply(pod, { fieldManager: 'me', force: true })
  await shop.delete('web', { gracePeriodSeconds: 0, preconditions: { uid: 'u' } })
  const base = '/behind/a/path/api/v1/namespaces/shop/pods'
  assert.deepEqual(
    server.asked.map(({ method, path: asked, query, headers }) => [method, asked, query, headers['content-type']]),
    [
      ['POST', base, { dryRun: 'All', fieldValidation: 'Strict' }, 'application/json'],
      ['PUT', `${base}/web/status`, {}, 'application/json'],
      ['PATCH', `${base}/web`, {}, 'application/merge-patch+json'],
      ['PATCH', `${base}/web`, {}, 'application/json-patch+json'],
      ['PATCH', `${base}/web`, { fieldManager: 'me', force: 'true' }, 'application/apply-patch+yaml'],
      ['DELETE', `${base}/web`, {}, 'application/json'],
    ],
  )
  assert.deepEqual(JSON.parse(server.asked[0]!.body), { apiVersion: 'v1', kind: 'Pod', ...pod })
  assert.throws(
    () => client.resource(pods, null).get('web'),
    (error) => hasCode(error, 'OPTION_INVALID'),
  )
})
