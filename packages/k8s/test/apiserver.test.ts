import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { KubeApiserver } from '@tiebeam/testing'
import { hasPeer, requirePeer, startKubeApiserver, Teardown, waitFor } from '@tiebeam/testing'
import type { ConfigMap, KubernetesObject } from '../src/index.ts'
import {
  configMaps,
  defineResource,
  endpointSlices,
  hasCode,
  KubernetesClient,
  KubernetesError,
  leases,
  loadConfig,
  namespaces,
  pods,
} from '../src/index.ts'
import { Collected } from './watch/collected.ts'

const peersOfSuite = ['etcd', 'kube-apiserver', 'openssl'] as const

function codeIs(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KubernetesError, String(error))
    assert.equal(error.code, code, error.message)
    return true
  }
}

describe('with a real API server', () => {
  let server: KubeApiserver
  let client: KubernetesClient

  const teardown = new Teardown()

  before(async () => {
    if (!peersOfSuite.every(hasPeer)) return
    server = await startKubeApiserver(teardown, {
      users: { 'reader-token': { name: 'reader' } },
      // Else pages come from memory, and outlive for some minutes what etcd forgets at our word.
      args: ['--feature-gates=ListFromCacheSnapshot=false'],
    })
    client = new KubernetesClient(await loadConfig({ kubeconfig: server.kubeconfig }))
    teardown.after(() => client.close())
    await client.resource(namespaces).create({ metadata: { name: 'shop' } })
  })
  after(() => teardown.run())

  test('an object is created, read, replaced, patched, applied and deleted', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    const maps = client.resource(configMaps, 'shop')
    const created = await maps.create({ metadata: { name: 'life' }, data: { a: '1' } })
    assert.deepEqual([created.kind, created.data], ['ConfigMap', { a: '1' }])
    assert.ok(created.metadata?.uid)

    await assert.rejects(maps.create({ metadata: { name: 'life' } }), codeIs('ALREADY_EXISTS'))
    assert.deepEqual((await maps.get('life')).data, { a: '1' })

    const replaced = await maps.replace({ ...created, data: { a: '2' } })
    assert.deepEqual(replaced.data, { a: '2' })
    await assert.rejects(maps.replace({ ...created, data: { a: '3' } }), codeIs('CONFLICT'))

    assert.deepEqual((await maps.patch('life', { data: { b: 'x', a: null } })).data, { b: 'x' })
    const operations = [{ op: 'replace', path: '/data/b', value: 'y' }]
    assert.deepEqual((await maps.patch('life', operations, { type: 'json' })).data, { b: 'y' })
    assert.deepEqual((await maps.patch('life', { data: { c: '1' } }, { type: 'strategic' })).data, { b: 'y', c: '1' })

    const wish: ConfigMap = { metadata: { name: 'life' }, data: { b: 'z' } }
    await assert.rejects(maps.apply(wish, { fieldManager: 'other' }), codeIs('CONFLICT'))
    const applied = await maps.apply(wish, { fieldManager: 'other', force: true })
    assert.deepEqual(applied.data, { b: 'z', c: '1' })

    const preconditions = { uid: '00000000-0000-0000-0000-000000000000' }
    await assert.rejects(maps.delete('life', { preconditions }), codeIs('CONFLICT'))
    await maps.delete('life')
    await assert.rejects(maps.get('life'), codeIs('NOT_FOUND'))
    assert.equal(await maps.find('life'), undefined)
  })

  test('a dry run changes nothing, and strict validation names an unknown field', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    const maps = client.resource(configMaps, 'shop')
    await maps.create({ metadata: { name: 'dry' } }, { dryRun: true })
    assert.equal(await maps.find('dry'), undefined)
    const wrong = { metadata: { name: 'dry' }, dat: {} } as KubernetesObject
    await assert.rejects(
      maps.create(wrong, { dryRun: true, fieldValidation: 'Strict' }),
      (error) => hasCode(error, 'BAD_REQUEST') && error.message.includes('unknown field "dat"'),
    )
  })

  test('what is invalid is told field by field', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    await assert.rejects(client.resource(configMaps, 'shop').create({ metadata: { name: 'Not_A_Name' } }), (error) => {
      assert.ok(hasCode(error, 'INVALID'))
      assert.equal(error.httpStatus, 422)
      assert.equal(error.status?.details?.causes?.[0]?.field, 'metadata.name')
      return true
    })
  })

  test('the status of a Pod is written through its subresource', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    const shop = client.resource(pods, 'shop')
    await shop.create({ metadata: { name: 'web' }, spec: { containers: [{ name: 'web', image: 'web' }] } })
    const status = { phase: 'Running', podIP: '10.0.0.7', podIPs: [{ ip: '10.0.0.7' }] }
    const running = await shop.patch('web', { status }, { subresource: 'status', type: 'strategic' })
    assert.deepEqual([running.status?.phase, running.status?.podIP], ['Running', '10.0.0.7'])
    assert.equal((await shop.get('web', { subresource: 'status' })).status?.podIP, '10.0.0.7')
    await shop.delete('web', { gracePeriodSeconds: 0 })
  })

  test('a Lease is taken over only by one of two that saw the same version', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    const shop = client.resource(leases, 'shop')
    const lease = await shop.create({ metadata: { name: 'authority' }, spec: { holderIdentity: 'none' } })
    const takers = ['a', 'b'].map((holderIdentity) => shop.replace({ ...lease, spec: { holderIdentity } }))
    const outcomes = await Promise.allSettled(takers)
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    const lost = outcomes.find((outcome) => outcome.status === 'rejected')
    assert.ok(hasCode(lost?.reason, 'CONFLICT'))
  })

  test('custom resources and EndpointSlices are objects like any other', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    const slices = client.resource(endpointSlices, 'shop')
    const metadata = { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } }
    await slices.create({ metadata, addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.7'] }] })
    const { items } = await slices.list({ labelSelector: 'kubernetes.io/service-name=web' })
    assert.deepEqual(items[0]?.endpoints[0]?.addresses, ['10.0.0.7'])

    await client.request({
      method: 'POST',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      body: shopDefinition,
    })
    const shops = defineResource<KubernetesObject & { spec: { size: number } }>({
      apiVersion: 'tiebeam.test/v1',
      kind: 'Shop',
      plural: 'shops',
    })
    const custom = client.resource(shops, 'shop')
    // The server needs a moment before it serves a new kind.
    await waitFor(() =>
      custom.list().then(
        () => true,
        (error) => (hasCode(error, 'NOT_FOUND') ? false : Promise.reject(error)),
      ),
    )
    await custom.create({ metadata: { name: 'corner' }, spec: { size: 3 } })
    assert.equal((await custom.get('corner')).spec.size, 3)
    await assert.rejects(custom.patch('corner', { spec: { size: 'large' } }), codeIs('INVALID'))
  })

  test('a list comes in pages of one state, which the server forgets after a while', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    await client.resource(namespaces).create({ metadata: { name: 'pages' } })
    const maps = client.resource(configMaps, 'pages')
    for (let index = 0; index < 10; index += 1) await maps.create({ metadata: { name: `map-${index}` } })

    const first = await maps.page({ limit: 4 })
    assert.equal(first.items.length, 4)
    assert.equal(first.metadata.remainingItemCount, 6)
    await maps.create({ metadata: { name: 'late' } })
    const second = await maps.page({ limit: 4, continue: first.metadata.continue! })
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion)

    await server.etcd.compact()
    await assert.rejects(maps.page({ limit: 4, continue: first.metadata.continue! }), codeIs('EXPIRED'))

    const whole = await maps.list({ limit: 4 })
    assert.equal(whole.items.length, 11)
  })

  test('a watch tells what there is, and then each change', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    await client.resource(namespaces).create({ metadata: { name: 'watch' } })
    const maps = client.resource(configMaps, 'watch')
    await maps.create({ metadata: { name: 'one', labels: { seen: 'yes' } } })
    await maps.create({ metadata: { name: 'hidden' } })
    const ending = new AbortController()
    const watch = maps.watch({ labelSelector: 'seen=yes', limit: 1, signal: ending.signal })
    const collected = new Collected(watch)
    await collected.told('synced')
    await maps.patch('one', { data: { a: '1' } })
    await collected.told('modified one')
    // An object that begins, or ceases, to match is as one that is made or deleted.
    await maps.patch('hidden', { metadata: { labels: { seen: 'yes' } } })
    await collected.told('added hidden')
    await maps.patch('hidden', { metadata: { labels: { seen: 'no' } } })
    await collected.told('deleted hidden')
    await maps.delete('one')
    await collected.told('deleted one')
    assert.deepEqual(collected.lines, [
      'added one',
      'synced',
      'modified one',
      'added hidden',
      'deleted hidden',
      'deleted one',
    ])
    assert.equal(watch.objects.size, 0)
    ending.abort()
    await collected.ended
  })

  test('a watch goes on after the server was away, and lists again when the server has forgotten its version', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    await client.resource(namespaces).create({ metadata: { name: 'restart' } })
    const maps = client.resource(configMaps, 'restart')
    for (const name of ['stays', 'goes']) await maps.create({ metadata: { name } })
    const ending = new AbortController()
    const watch = maps.watch({ signal: ending.signal, backOffMsMax: 500 })
    const collected = new Collected(watch)
    await collected.told('synced')

    await server.stop()
    await collected.told('failing CONNECTION_FAILED')
    await server.start()
    // The restarted server remembers no changes, only the state: an old version is "too old" to it.
    await maps.delete('goes')
    await maps.patch('stays', { data: { a: '1' } })
    await maps.create({ metadata: { name: 'comes' } })
    await collected.told('recovered')
    await collected.told('deleted goes')
    await collected.told('modified stays')
    await collected.told('added comes')
    assert.deepEqual([...watch.objects.keys()].sort(), ['restart/comes', 'restart/stays'])
    assert.equal(collected.count('added stays'), 1)
    ending.abort()
    await collected.ended
  })

  test('who may not is told so, and may once it is granted', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    const config = {
      server: server.url,
      namespace: 'shop',
      certificateAuthority: { data: server.certificateAuthority },
    }
    const nobody = new KubernetesClient({ ...config, credentials: { token: 'wrong' } })
    t.after(() => nobody.close())
    await assert.rejects(nobody.resource(configMaps).list(), codeIs('UNAUTHORIZED'))

    const reader = new KubernetesClient({ ...config, credentials: { token: 'reader-token' } })
    t.after(() => reader.close())
    await assert.rejects(
      reader.resource(configMaps).list(),
      (error) => hasCode(error, 'FORBIDDEN') && /User "reader" cannot list/.test(error.message),
    )
    const watch = reader.resource(configMaps).watch({ backOffMs: 20, backOffMsMax: 100 })
    const collected = new Collected(watch)
    await collected.told('failing FORBIDDEN')
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop'
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }]
    await client.request({ method: 'POST', path: `${rbac}/roles`, body: { metadata: { name: 'reader' }, rules } })
    const body = {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
    }
    await client.request({ method: 'POST', path: `${rbac}/rolebindings`, body })
    await collected.told('recovered')
    await assert.rejects(reader.resource(configMaps).create({ metadata: { name: 'x' } }), codeIs('FORBIDDEN'))
    reader.close()
    await collected.ended
  })

  test('a token that was rotated in its file is taken up, when the server refuses the old one', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    const folder = await mkdtemp(join(tmpdir(), 'tiebeam-token-'))
    t.after(() => rm(folder, { recursive: true }))
    await client.request({
      method: 'POST',
      path: '/api/v1/namespaces/shop/serviceaccounts',
      body: { metadata: { name: 'app' } },
    })
    const { status } = await client.request<{ status: { token: string } }>({
      method: 'POST',
      path: '/api/v1/namespaces/shop/serviceaccounts/app/token',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
    })
    await writeFile(join(folder, 'token'), 'expired')
    await writeFile(join(folder, 'ca.crt'), server.certificateAuthority)
    await writeFile(join(folder, 'namespace'), 'shop')
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port), HOME: folder }
    const app = await KubernetesClient.load({}, { env, serviceAccountFolder: folder })
    t.after(() => app.close())
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
    const ask = (): Promise<{ status: { userInfo: { username: string } } }> =>
      app.request({ method: 'POST', path, body: review })
    await assert.rejects(ask(), codeIs('UNAUTHORIZED'))
    await writeFile(join(folder, 'token'), `${status.token}\n`)
    assert.equal((await ask()).status.userInfo.username, 'system:serviceaccount:shop:app')
  })

  test('a server whose certificate is of another authority is not spoken to', async (t) => {
    if (!requirePeer(t, ...peersOfSuite)) return
    const stranger = new KubernetesClient({ server: server.url, namespace: 'shop', credentials: { token: 'secret' } })
    t.after(() => stranger.close())
    await assert.rejects(stranger.resource(configMaps).list(), codeIs('TLS_FAILED'))
    const config = { server: server.url.replace('127.0.0.1', 'localhost'), namespace: 'shop' }
    const certificateAuthority = { data: server.certificateAuthority }
    const misnamed = new KubernetesClient({ ...config, certificateAuthority, tlsServerName: 'other.test' })
    t.after(() => misnamed.close())
    await assert.rejects(misnamed.resource(configMaps).list(), codeIs('TLS_FAILED'))
    const credentials = { token: server.adminToken }
    const named = new KubernetesClient({
      ...config,
      certificateAuthority,
      tlsServerName: 'kubernetes.default.svc',
      credentials,
    })
    t.after(() => named.close())
    assert.ok(await named.resource(configMaps).list())
    const careless = new KubernetesClient({ ...config, insecureSkipTlsVerify: true, credentials })
    t.after(() => careless.close())
    assert.ok(await careless.resource(configMaps).list())
  })
})

const shopDefinition = {
  metadata: { name: 'shops.tiebeam.test' },
  spec: {
    group: 'tiebeam.test',
    scope: 'Namespaced',
    names: { plural: 'shops', singular: 'shop', kind: 'Shop' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
}
