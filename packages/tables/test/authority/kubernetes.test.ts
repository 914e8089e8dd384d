import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { KubernetesClient, type Lease, leases, loadConfig, namespaces, pods } from '@tiebeam/k8s'
import {
  type AuthorityHost,
  type KubernetesOptions,
  kubernetes,
  kubernetesAuthorityRules,
  type StartedAuthority,
  type View,
} from '@tiebeam/tables'
import {
  hasPeer,
  type KubeApiserver,
  requirePeer,
  type Scope,
  startKubeApiserver,
  Teardown,
  waitFor,
} from '@tiebeam/testing'
import { get, put, TestCluster, type TestMember } from '../node/cluster.ts'
import { codeIs, self, startAlone, viewOf } from './alone.ts'
import { authorityCompliance } from './compliance.ts'
import { startFaultProxy } from './fault-proxy.ts'

const peers = ['etcd', 'kube-apiserver', 'openssl'] as const
const NAMESPACE = 'shop'
const TIMEOUT_MS = 60_000
/** Of each request, where some are never answered. */
const PATIENCE_MS = 400
const RULED = 'ruled'

let server: KubeApiserver
let admin: KubernetesClient
let registers = 0
const teardown = new Teardown()

/** Grants the user of the tests what the manual says, for one more Lease. */
async function grant(name: string): Promise<void> {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`
  const role = { metadata: { name }, rules: kubernetesAuthorityRules(name) }
  await admin.request({ method: 'POST', path: `${path}/roles`, body: role })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: RULED }]
  await admin.request({ method: 'POST', path: `${path}/rolebindings`, body: { metadata: { name }, roleRef, subjects } })
  // The server takes a moment to learn of it.
  const client = clientFor(teardown, server.url, 'ruled-token')
  await waitFor(() =>
    client
      .resource(leases, NAMESPACE)
      .find(name)
      .then(
        () => true,
        () => false,
      ),
  )
}

function clientFor(scope: Scope, url: string, token: string): KubernetesClient {
  const client = new KubernetesClient({
    server: url,
    namespace: NAMESPACE,
    certificateAuthority: { data: server.certificateAuthority },
    credentials: { token },
  })
  scope.after(() => client.close())
  return client
}

function newName(): string {
  registers += 1
  return `tables-${registers}`
}

before(async () => {
  if (!peers.every(hasPeer)) return
  server = await startKubeApiserver(teardown, {
    users: { 'ruled-token': { name: RULED }, 'stranger-token': { name: 'stranger' } },
  })
  admin = new KubernetesClient(await loadConfig({ kubeconfig: server.kubeconfig }))
  teardown.after(() => admin.close())
  await admin.resource(namespaces).create({ metadata: { name: NAMESPACE } })
})
after(() => teardown.run())

async function startAuthority(
  scope: Scope,
  options: KubernetesOptions,
  host: Partial<AuthorityHost> = {},
): Promise<StartedAuthority> {
  return startAlone(scope, kubernetes({ timeoutMs: TIMEOUT_MS, ...options }), host)
}

authorityCompliance({
  name: 'kubernetes',
  peers,
  fixture: async (scope, isDisturbed) => {
    const name = newName()
    await grant(name)
    const init = { target: server.url, ca: server.certificateAuthority, patienceMs: PATIENCE_MS }
    const proxy = await startFaultProxy(scope, init)
    const timeoutMs = isDisturbed ? PATIENCE_MS : TIMEOUT_MS
    const kindOf = () => kubernetes({ name, client: clientFor(scope, proxy.url, 'ruled-token'), timeoutMs })
    return {
      kinds: Array.from({ length: 4 }, kindOf),
      disturb: (random) => proxy.disturb(random, 0.3),
      calm: () => proxy.calm(),
      report: () => JSON.stringify(Object.fromEntries(proxy.met)),
    }
  },
})

describe('a Lease as authority', () => {
  test('shows people the primary and the epoch', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const name = newName()
    const authority = await startAuthority(t, { name, client: admin, namespace: NAMESPACE })
    await authority.install(viewOf(1), 0)
    await authority.install(viewOf(2), 1)
    const { spec } = await leaseOf(name)
    assert.deepEqual([spec?.holderIdentity, spec?.leaseTransitions], [self.node, 2])
  })

  test('that was made beforehand holds no view', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const name = newName()
    await admin.resource(leases, NAMESPACE).create({ metadata: { name, labels: { app: 'shop' } } })
    const authority = await startAuthority(t, { name, client: admin, namespace: NAMESPACE })
    assert.equal(await authority.read(), undefined)
    assert.equal((await authority.install(viewOf(1), 0)).type, 'installed')
    assert.deepEqual((await leaseOf(name)).metadata?.labels, { app: 'shop' })
  })

  test('that others touch is swapped all the same', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const name = newName()
    const proxy = await startFaultProxy(t, { target: server.url, ca: server.certificateAuthority, patienceMs: 1000 })
    const client = clientFor(t, proxy.url, server.adminToken)
    const authority = await startAuthority(t, { name, client })
    await authority.install(viewOf(1), 0)
    let touched = false
    proxy.before = async ({ method }) => {
      if (method !== 'PUT' || touched) return
      touched = true
      await admin.resource(leases, NAMESPACE).patch(name, { metadata: { labels: { touched: 'yes' } } })
    }
    assert.equal((await authority.install(viewOf(2), 1)).type, 'installed')
    assert.deepEqual((await leaseOf(name)).metadata?.labels, { touched: 'yes' })
  })

  test('that was deleted is not made again by an install that was under way', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const name = newName()
    const proxy = await startFaultProxy(t, { target: server.url, ca: server.certificateAuthority, patienceMs: 1000 })
    const authority = await startAuthority(t, { name, client: clientFor(t, proxy.url, server.adminToken) })
    await authority.install(viewOf(1), 0)
    let deleted = false
    proxy.before = async ({ method }) => {
      if (method !== 'PUT' || deleted) return
      deleted = true
      await admin.resource(leases, NAMESPACE).delete(name)
    }
    assert.deepEqual(await authority.install(viewOf(2), 1), { type: 'stands', view: undefined })
    assert.equal(deleted, true)
    assert.equal(await authority.read(), undefined)
    assert.equal(await admin.resource(leases, NAMESPACE).find(name), undefined)
  })

  test('with something else in it is left alone', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const name = newName()
    const authority = await startAuthority(t, { name, client: admin, namespace: NAMESPACE })
    const annotation = 'tiebeam.dev/tables-view'
    const made = { metadata: { name, annotations: { [annotation]: 'garbage' } } }
    await admin.resource(leases, NAMESPACE).create(made)
    for (const text of [
      'garbage',
      '{"format":2}',
      '{"format":1,"tables":"other"}',
      '{"format":1,"tables":"shop","view":{}}',
    ]) {
      await admin.resource(leases, NAMESPACE).patch(name, { metadata: { annotations: { [annotation]: text } } })
      await assert.rejects(
        authority.read(),
        codeIs('AUTHORITY_RECORD_INVALID', new RegExp(`Lease ${name} in ${NAMESPACE}`)),
      )
      await assert.rejects(authority.install(viewOf(1), 0), codeIs('AUTHORITY_RECORD_INVALID'))
      assert.equal((await leaseOf(name)).metadata?.annotations?.[annotation], text)
    }
  })

  test('that we may not have names the rule that is missing', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const client = clientFor(t, server.url, 'stranger-token')
    const authority = await startAuthority(t, { name: 'forbidden', client })
    const rule = /"resources":\["leases"\],"resourceNames":\["forbidden"\],"verbs":\["get"\]/
    await assert.rejects(authority.install(viewOf(1), 0), codeIs('AUTHORITY_REFUSED', rule))
    const nobody = await startAuthority(t, { name: 'forbidden', client: clientFor(t, server.url, 'no-token') })
    await assert.rejects(nobody.read(), codeIs('AUTHORITY_REFUSED'))
  })

  test('in a namespace that is not there says so', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const authority = await startAuthority(t, { name: 'tables', client: admin, namespace: 'nowhere' })
    await assert.rejects(authority.install(viewOf(1), 0), codeIs('AUTHORITY_REFUSED', /nowhere/))
  })

  test('proves a member dead when its pod is gone, made anew, or has run its container again', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const name = newName()
    await grant(name)
    const client = clientFor(t, server.url, 'ruled-token')
    const observer = await startAuthority(t, { name, client })
    const shop = admin.resource(pods, NAMESPACE)
    const uids = ['gone', 'anew', 'restarted', 'failed', 'alive']
    const members = uids.map((uid) => ({ ...self, uid }))
    const view: View = { identity: 'identity', epoch: 1, primary: 'gone', members }
    await observer.install(view, 0)
    const make = (pod: string) =>
      shop.create({ metadata: { name: pod }, spec: { containers: [{ name: 'app', image: 'app' }] } })
    for (const member of members) {
      const pod = `pod-${member.uid}`
      await make(pod)
      await startAuthority(t, { name, client, pod: { name: pod } }, { self: () => member, view: () => view })
    }
    await waitFor(async () => (await podsOf(name)).length === members.length)
    const proofs = () => Promise.all(members.map(async (member) => [member.uid, await observer.proveDead?.(member)]))
    assert.deepEqual(
      await proofs(),
      uids.map((uid) => [uid, false]),
    )

    await shop.delete('pod-gone', { gracePeriodSeconds: 0 })
    await shop.delete('pod-anew', { gracePeriodSeconds: 0 })
    await make('pod-anew')
    const later = new Date(Date.now() + 60_000).toISOString()
    const patch = (pod: string, status: object) => shop.patch(pod, { status }, { subresource: 'status' })
    const running = (startedAt: string) => ({
      phase: 'Running',
      containerStatuses: [
        { name: 'app', image: 'app', imageID: '', ready: true, restartCount: 1, state: { running: { startedAt } } },
      ],
    })
    await patch('pod-restarted', running(later))
    await patch('pod-alive', running(new Date(Math.round(performance.timeOrigin) - 1000).toISOString()))
    await patch('pod-failed', { phase: 'Failed' })
    assert.deepEqual(
      await proofs(),
      uids.map((uid) => [uid, uid !== 'alive']),
    )
    assert.equal(await observer.proveDead?.({ ...self, uid: 'never heard of' }), false)
    assert.deepEqual(await observer.read(), view)
  })

  test('that was put back without the pods has them written down again when the view changes', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const name = newName()
    await grant(name)
    const cluster = await TestCluster.create(t)
    const start = startInPod(t, cluster, name)
    await start(1)
    await cluster.whole(1)
    await waitFor(async () => (await podsOf(name)).length === 1)
    const annotations = { 'tiebeam.dev/tables-pods': null }
    await admin.resource(leases, NAMESPACE).patch(name, { metadata: { annotations } })
    assert.deepEqual(await podsOf(name), [])
    await start(2)
    await cluster.whole(2)
    await waitFor(async () => (await podsOf(name)).length === 2)
  })

  test('whose only member has died with its pod lets the tables begin anew, and says so', async (t) => {
    if (!requirePeer(t, ...peers)) return
    const name = newName()
    await grant(name)
    const shop = admin.resource(pods, NAMESPACE)
    const cluster = await TestCluster.create(t)
    const start = startInPod(t, cluster, name)
    const first = await start(1)
    await waitFor(() => first.engine.status.role === 'primary')
    await put(first.engine, 'row', 1)
    await waitFor(async () => (await podsOf(name)).length === 1)
    await cluster.crash(first)

    const second = await start(2)
    const losses: unknown[] = []
    second.engine.on('dataloss', (loss) => losses.push(loss))
    await waitFor(() => /app@/.test(second.engine.status.waitingFor ?? ''))
    assert.equal(second.engine.status.role, 'joining')
    await shop.delete(`${name}-1`, { gracePeriodSeconds: 0 })
    await waitFor(() => second.engine.status.role === 'primary')
    assert.equal(losses.length, 1)
    assert.equal(get(second.engine, 'row'), undefined)
    assert.equal((await leaseOf(name)).spec?.holderIdentity, second.node.name)
  })
})

/** Starts members with this Lease, each in a pod of its own. */
function startInPod(scope: Scope, cluster: TestCluster, name: string): (index: number) => Promise<TestMember> {
  return async (index) => {
    const pod = `${name}-${index}`
    const spec = { containers: [{ name: 'app', image: 'app' }] }
    await admin.resource(pods, NAMESPACE).create({ metadata: { name: pod }, spec })
    const client = clientFor(scope, server.url, 'ruled-token')
    return cluster.start(index, { authority: kubernetes({ name, client, pod: { name: pod } }) })
  }
}

async function podsOf(name: string): Promise<string[]> {
  const text = (await leaseOf(name)).metadata?.annotations?.['tiebeam.dev/tables-pods'] ?? '{}'
  return Object.keys(JSON.parse(text))
}

async function leaseOf(name: string): Promise<Lease> {
  return admin.resource(leases, NAMESPACE).get(name)
}
