import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { defineResource, hasCode, KubernetesClient, type KubernetesObject, loadConfig, namespaces } from '@tiebeam/k8s'
import { hasPeer, type KubeApiserver, requirePeer, startKubeApiserver, Teardown, waitFor } from '@tiebeam/testing'
import type { ManifestsInit } from '../../src/manifests/init.ts'
import type { AnyManifest, ManifestKind } from '../../src/manifests/kinds.ts'
import { manifests } from '../../src/manifests/manifests.ts'

const peersOfSuite = ['etcd', 'kube-apiserver', 'openssl'] as const

const plurals: Readonly<Record<ManifestKind, string>> = {
  ServiceAccount: 'serviceaccounts',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  Secret: 'secrets',
  Service: 'services',
  NetworkPolicy: 'networkpolicies',
  PodDisruptionBudget: 'poddisruptionbudgets',
  Deployment: 'deployments',
}

type Choice = Pick<ManifestsInit, 'strategy' | 'tables'>

/** Every combination in a namespace of its own. */
const choices: Readonly<Record<string, Choice>> = {
  dns: { strategy: 'dns' },
  kubernetes: { strategy: 'kubernetes' },
  'dns-tables': { strategy: 'dns', tables: 'kubernetes' },
  'kubernetes-tables': { strategy: 'kubernetes', tables: 'kubernetes' },
}

/** What a request is, and in which of the namespaces the service account of the app may send it. */
interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: (namespace: string) => string
  readonly body?: KubernetesObject & Record<string, unknown>
  readonly allowedIn: readonly string[]
}

const watchers = ['kubernetes', 'kubernetes-tables']
const keepers = ['dns-tables', 'kubernetes-tables']
const slices = (namespace: string) => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
const podsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`
const leasesOf = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }

const asks: readonly Ask[] = [
  { method: 'GET', path: slices, allowedIn: watchers },
  { method: 'GET', path: (name) => `${slices(name)}?watch=true&timeoutSeconds=1`, allowedIn: watchers },
  { method: 'GET', path: podsOf, allowedIn: watchers },
  { method: 'GET', path: (name) => `${podsOf(name)}?watch=true&timeoutSeconds=1`, allowedIn: watchers },
  { method: 'GET', path: (name) => `${podsOf(name)}/shop-1`, allowedIn: [...watchers, ...keepers] },
  { method: 'POST', path: leasesOf, body: { ...lease, metadata: { name: 'shop-tables' } }, allowedIn: keepers },
  { method: 'GET', path: (name) => `${leasesOf(name)}/shop-tables`, allowedIn: keepers },
  {
    method: 'PUT',
    path: (name) => `${leasesOf(name)}/shop-tables`,
    body: { ...lease, metadata: { name: 'shop-tables' }, spec: { holderIdentity: 'one' } },
    allowedIn: keepers,
  },
  { method: 'DELETE', path: (name) => `${leasesOf(name)}/shop-tables`, allowedIn: [] },
  { method: 'PATCH', path: (name) => `${leasesOf(name)}/shop-tables`, body: { metadata: {} }, allowedIn: [] },
  { method: 'GET', path: leasesOf, allowedIn: [] },
  { method: 'GET', path: (name) => `${leasesOf(name)}/another`, allowedIn: [] },
  { method: 'DELETE', path: (name) => `${podsOf(name)}/shop-1`, allowedIn: [] },
  { method: 'POST', path: podsOf, body: { metadata: { name: 'more' } }, allowedIn: [] },
  { method: 'GET', path: (name) => `${podsOf(name)}/shop-1/log`, allowedIn: [] },
  { method: 'POST', path: (name) => `${podsOf(name)}/shop-1/exec`, allowedIn: [] },
  { method: 'GET', path: (name) => `/api/v1/namespaces/${name}/secrets`, allowedIn: [] },
  { method: 'GET', path: (name) => `/api/v1/namespaces/${name}/secrets/shop-cookie`, allowedIn: [] },
  { method: 'GET', path: (name) => `/api/v1/namespaces/${name}/configmaps`, allowedIn: [] },
  { method: 'GET', path: () => podsOf('default'), allowedIn: [] },
  { method: 'GET', path: () => '/api/v1/pods', allowedIn: [] },
  { method: 'GET', path: () => '/api/v1/nodes', allowedIn: [] },
]

/** Of the verbs of the API. */
type Rule = {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}

describe('the manifests at a real API server', () => {
  let server: KubeApiserver
  let admin: KubernetesClient
  const teardown = new Teardown()

  before(async () => {
    if (!peersOfSuite.every(hasPeer)) return
    server = await startKubeApiserver(teardown)
    admin = new KubernetesClient(await loadConfig({ kubeconfig: server.kubeconfig }))
    teardown.after(() => admin.close())
    for (const name of Object.keys(choices)) await admin.resource(namespaces).create({ metadata: { name } })
  })
  after(() => teardown.run())

  function objectsOf(namespace: string): AnyManifest[] {
    const init = { name: 'shop', image: 'registry.example.com/shop:1.2.0', cookie: 'a-test-cookie', port: 8080 }
    return manifests({ ...init, namespace, ...choices[namespace] })
  }

  async function create(object: AnyManifest, dryRun: boolean): Promise<void> {
    const { apiVersion, kind, metadata } = object
    const resource = defineResource<KubernetesObject>({ apiVersion, kind, plural: plurals[kind] })
    await admin.resource(resource, metadata.namespace).create(object, { dryRun, fieldValidation: 'Strict' })
  }

  /** As a pod of the app: with the token of its service account. */
  async function podClient(scope: Teardown, namespace: string): Promise<KubernetesClient> {
    const { status } = await admin.request<{ status: { token: string } }>({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/shop/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
    })
    const certificateAuthority = { data: await readFile(server.certificateAuthorityFile, 'utf8') }
    const client = new KubernetesClient({
      server: server.url,
      namespace,
      certificateAuthority,
      credentials: { token: status.token },
    })
    scope.after(() => client.close())
    return client
  }

  for (const namespace of Object.keys(choices)) {
    test(`${namespace}: every object is accepted, and then created`, async (t) => {
      if (!requirePeer(t, ...peersOfSuite)) return
      for (const object of objectsOf(namespace)) await create(object, true)
      for (const object of objectsOf(namespace)) await create(object, false)
    })

    test(`${namespace}: a pod may do what it must, and nothing else`, async (t) => {
      if (!requirePeer(t, ...peersOfSuite)) return
      const pod = { metadata: { name: 'shop-1' }, spec: { containers: [{ name: 'shop', image: 'shop' }] } }
      await admin.request({ method: 'POST', path: podsOf(namespace), body: pod })
      const client = await podClient(teardown, namespace)
      const allowed = asks.filter(({ allowedIn }) => allowedIn.includes(namespace))
      const outcomeOf = ({ method, path, body }: Ask) => answer(client, method, path(namespace), body)
      for (const ask of allowed) {
        // The server takes a moment to learn of a role.
        const isAllowed = async () => (await outcomeOf(ask)) === 'allowed'
        await waitFor(isAllowed, { what: `${ask.method} ${ask.path(namespace)} to be allowed` })
      }
      for (const ask of asks.filter((each) => !allowed.includes(each))) {
        assert.equal(await outcomeOf(ask), 'refused', `${ask.method} ${ask.path(namespace)}`)
      }
    })

    test(`${namespace}: the API server lists no other rule for a pod`, async (t) => {
      if (!requirePeer(t, ...peersOfSuite)) return
      const client = await podClient(teardown, namespace)
      const review = await client.request<{ status: { resourceRules: Rule[] } }>({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
        body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } },
      })
      const role = objectsOf(namespace).find(({ kind }) => kind === 'Role')
      const granted = role?.kind === 'Role' ? role.rules : []
      // Every account may ask what it may do, and who it is.
      const own = review.status.resourceRules.filter(({ apiGroups = [] }) => !apiGroups.every(isReview))
      assert.deepEqual(own.map(comparable).sort(), granted.map(comparable).sort())
    })
  }
})

function isReview(group: string): boolean {
  return group === 'authorization.k8s.io' || group === 'authentication.k8s.io'
}

function comparable({ apiGroups, resources, verbs, resourceNames = [] }: Rule): string {
  return JSON.stringify([apiGroups, resources, resourceNames, verbs])
}

async function answer(
  client: KubernetesClient,
  method: Ask['method'],
  pathAndQuery: string,
  body: unknown,
): Promise<'allowed' | 'refused'> {
  const [path = '', query = ''] = pathAndQuery.split('?')
  const init = {
    ...{ method, path, query: Object.fromEntries(new URLSearchParams(query)) },
    ...(body !== undefined && { body }),
    ...(method === 'PATCH' && { contentType: 'application/merge-patch+json' }),
  }
  try {
    const { response, finish } = await client.open(init)
    response.destroy()
    finish()
    return 'allowed'
  } catch (error) {
    if (hasCode(error, 'FORBIDDEN')) return 'refused'
    // Permission comes before all else: what is invalid for lack of a resourceVersion was allowed.
    if (hasCode(error, 'INVALID')) return 'allowed'
    throw error
  }
}
