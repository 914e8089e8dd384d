import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { Node, silentLogger } from '@tiebeam/distribution'
import { endpointSlices, hasCode, KubernetesClient, loadConfig, namespaces, pods } from '@tiebeam/k8s'
import type { KubeApiserver } from '@tiebeam/testing'
import { freePort, hasPeer, loopback, requirePeer, startKubeApiserver, Teardown, waitFor } from '@tiebeam/testing'
import { Cluster, Kubernetes, type KubernetesInit } from '../src/index.ts'
import { type StrategySource, testStrategy } from './strategy-compliance.ts'

const peers = ['etcd', 'kube-apiserver', 'openssl'] as const
const teardown = new Teardown()
let server: KubeApiserver
let admin: KubernetesClient
let namespaceCount = 0

before(async () => {
  if (!peers.every(hasPeer)) return
  server = await startKubeApiserver(teardown, { users: { 'app-token': { name: 'app' } } })
  admin = new KubernetesClient(await loadConfig({ kubeconfig: server.kubeconfig }))
  teardown.after(() => admin.close())
})
after(() => teardown.run())

const self = 'app@10.0.0.1'
const selector = { kubernetesNodeBasename: 'app', kubernetesSelector: 'app=shop' }
const labels = { app: 'shop' }

async function newNamespace(): Promise<string> {
  namespaceCount += 1
  const name = `shop-${namespaceCount}`
  await admin.resource(namespaces).create({ metadata: { name } })
  return name
}

/** Plays the kubelet: a pod that runs, and has an address. */
async function runPod(namespace: string, address: string): Promise<void> {
  const name = podName(address)
  const spec = { containers: [{ name: 'app', image: 'app' }], hostname: name }
  await admin.resource(pods, namespace).create({ metadata: { name, labels }, spec })
  const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }] }
  await admin.resource(pods, namespace).patch(name, { status }, { subresource: 'status' })
}

function podName(address: string): string {
  return `app-${address.replaceAll('.', '-')}`
}

/** Plays the endpoint slice controller, for a Service with our labels. */
async function writeSlice(namespace: string, addresses: readonly string[]): Promise<void> {
  const endpoints = addresses.map((address) => ({ addresses: [address], hostname: podName(address) }))
  const metadata = { name: 'app-slice', labels }
  await admin
    .resource(endpointSlices, namespace)
    .apply({ metadata, addressType: 'IPv4', endpoints }, { fieldManager: 'controller', force: true })
}

async function setPods(namespace: string, addresses: readonly string[]): Promise<void> {
  const { items } = await admin.resource(pods, namespace).list()
  const running = items.map(({ metadata }) => metadata?.name ?? '')
  const wanted = addresses.map(podName)
  for (const name of running.filter((each) => !wanted.includes(each))) {
    await admin.resource(pods, namespace).delete(name, { gracePeriodSeconds: 0 })
  }
  for (const address of addresses.filter((each) => !running.includes(podName(each)))) await runPod(namespace, address)
}

function sourceOf(
  init: Partial<KubernetesInit>,
  set: (namespace: string, addresses: readonly string[]) => Promise<void>,
): (t: TestContext) => Promise<StrategySource | undefined> {
  return async (t) => {
    if (!requirePeer(t, ...peers)) return undefined
    const namespace = await newNamespace()
    const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
    await set(namespace, addresses)
    const client = new KubernetesClient(await loadConfig({ kubeconfig: server.kubeconfig }))
    t.after(() => client.close())
    return {
      strategy: new Kubernetes({ ...selector, ...init, kubernetesNamespace: namespace, client }),
      self,
      names: addresses.map((address) => `app@${address}`),
      change: (names) =>
        set(
          namespace,
          names.map((name) => name.slice('app@'.length)),
        ),
      fail: (failing) => (failing ? server.stop() : server.start()),
    }
  }
}

testStrategy('Kubernetes', sourceOf({}, writeSlice))
testStrategy('Kubernetes', sourceOf({ kubernetesIpLookupMode: 'pods' }, setPods))

interface Observed {
  names: readonly string[] | undefined
  failures: unknown[]
}

function observe(t: TestContext, strategy: Kubernetes): Observed {
  const observed: Observed = { names: undefined, failures: [] }
  const subscription = strategy.watch(
    { self, localAddresses: () => [], logger: silentLogger },
    {
      listed: (names) => {
        observed.names = names
      },
      failed: (error) => void observed.failures.push(error),
    },
  )
  t.after(() => subscription.stop())
  return observed
}

test('a StatefulSet is known by its host names', async (t) => {
  if (!requirePeer(t, ...peers)) return
  const namespace = await newNamespace()
  await writeSlice(namespace, ['10.0.0.1', '10.0.0.2'])
  const init = { ...selector, mode: 'hostname', kubernetesServiceName: 'app', kubernetesNamespace: namespace } as const
  const observed = observe(t, new Kubernetes({ ...init, client: admin }))
  await waitFor(() => observed.names !== undefined)
  assert.deepEqual(observed.names, [
    `app@app-10-0-0-1.app.${namespace}.svc.cluster.local`,
    `app@app-10-0-0-2.app.${namespace}.svc.cluster.local`,
  ])
})

test('a service account without permission is told what to grant, and what is granted is enough', async (t) => {
  if (!requirePeer(t, ...peers)) return
  const namespace = await newNamespace()
  await writeSlice(namespace, ['10.0.0.2'])
  const certificateAuthority = { data: server.certificateAuthority }
  const credentials = { token: 'app-token' }
  const client = new KubernetesClient({ server: server.url, namespace, certificateAuthority, credentials })
  t.after(() => client.close())
  const observed = observe(t, new Kubernetes({ ...selector, client }))
  await waitFor(() => observed.failures.length > 0)
  const [failure] = observed.failures
  assert.ok(hasCode(failure, 'FORBIDDEN'))
  assert.match(failure.message, /cannot list resource "endpointslices" in API group "discovery.k8s.io" .*RoleBinding/)
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  const rules = [{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] }]
  await admin.request({ method: 'POST', path: `${path}/roles`, body: { metadata: { name: 'app' }, rules } })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'app' }
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'app' }]
  const body = { metadata: { name: 'app' }, roleRef, subjects }
  await admin.request({ method: 'POST', path: `${path}/rolebindings`, body })
  await waitFor(() => observed.names !== undefined)
  assert.deepEqual(observed.names, ['app@10.0.0.2'])
})

test('pods become a cluster, one by one, without being told of each other', async (t) => {
  if (!requirePeer(t, ...peers, 'loopback')) return
  const namespace = await newNamespace()
  const addresses = [loopback(1), loopback(2), loopback(3)]
  const port = await freePort(addresses[0])
  const nodes: Node[] = []
  for (const address of addresses) {
    await runPod(namespace, address)
    const node = await Node.start({ name: `app@${address}`, cookie: 'secret', epmd: false, port })
    const strategy = new Kubernetes({
      ...selector,
      kubernetesIpLookupMode: 'pods',
      kubernetesNamespace: namespace,
      client: admin,
    })
    const cluster = await Cluster.start(node, { topologies: { kubernetes: strategy } })
    t.after(async () => {
      await cluster.stop()
      await node.stop()
    })
    nodes.push(node)
  }
  await waitFor(() => nodes.every((node) => node.nodes('connected').length === 2))
})

test('without any configuration it says so, and can be stopped', async (t) => {
  const { KUBECONFIG } = process.env
  t.after(() => {
    if (KUBECONFIG === undefined) delete process.env.KUBECONFIG
    else process.env.KUBECONFIG = KUBECONFIG
  })
  process.env.KUBECONFIG = '/nowhere/config'
  const observed = observe(t, new Kubernetes(selector))
  await waitFor(() => observed.failures.length > 0)
  assert.ok(hasCode(observed.failures[0], 'CONFIG_MISSING'))
})
