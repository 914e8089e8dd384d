import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@tiebeam/distribution'
import { freePort } from '@tiebeam/testing'
import { Rancher, type RancherInit } from '../src/index.ts'
import { addressesOfContainers } from '../src/strategies/rancher-containers.ts'
import { serveMetadata } from './rancher-metadata.ts'

function list(metadataUrl: string): Promise<readonly string[]> {
  const { signal } = new AbortController()
  const query = { self: 'app@10.0.0.1', localAddresses: () => [], logger: silentLogger, signal }
  return new Rancher({ nodeBasename: 'app', metadataUrl }).list(query)
}

test('the first address of each container of the own service becomes a name', async (t) => {
  const containers = [{ ips: ['10.42.0.1', '10.42.9.9'] }, { ips: [] }, { ips: null }, {}, null, { ips: ['10.42.0.2'] }]
  const metadata = await serveMetadata(t, JSON.stringify({ name: 'app', containers }))
  assert.deepEqual(await list(`${metadata.url}/`), ['app@10.42.0.1', 'app@10.42.0.2'])
  assert.deepEqual(metadata.asked, ['GET /latest/self/service application/json'])
})

test('a service without containers is an answer: an empty list', () => {
  assert.deepEqual(addressesOfContainers('{"containers":[]}'), [])
})

test('what is no description of a service is no answer', () => {
  for (const text of ['', 'Not found', '[]', 'null', '{}', '{"containers":{}}']) {
    assert.throws(() => addressesOfContainers(text), { code: 'LOOKUP_FAILED', message: /Rancher/ })
  }
})

test('a refusal, an endless answer and a service that is not there each say so', async (t) => {
  const metadata = await serveMetadata(t, 'Not found')
  metadata.status = 404
  await assert.rejects(list(metadata.url), {
    code: 'LOOKUP_FAILED',
    message: /self\/service: it answered with status 404/,
  })
  metadata.body = 'x'.repeat(5_000_000)
  await assert.rejects(list(metadata.url), { code: 'LOOKUP_FAILED', message: /more than 4194304 bytes/ })
  await assert.rejects(list(`http://127.0.0.1:${await freePort()}`), { code: 'LOOKUP_FAILED', message: /ECONNREFUSED/ })
})

test('wrong options are refused with a message that names them', () => {
  const cases: [object, RegExp][] = [
    [{ nodeBasename: '' }, /nodeBasename/],
    [{ pollingIntervalMs: -1 }, /pollingIntervalMs/],
    [{ metadataUrl: 'rancher-metadata' }, /metadataUrl is "rancher-metadata"/],
    [{ metadataUrl: 'file:///etc/passwd' }, /metadataUrl/],
  ]
  for (const [wrong, message] of cases) {
    const init = { nodeBasename: 'app', ...wrong } as RancherInit
    assert.throws(() => new Rancher(init), { code: 'OPTION_INVALID', message })
  }
})
