import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inClusterConfig } from '../../src/config/in-cluster.ts'
import { kubeconfigContext } from '../../src/config/kubeconfig.ts'
import { hasCode } from '../../src/index.ts'

const pem = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'

interface Content {
  readonly cluster?: object
  readonly user?: object
  readonly context?: object
  readonly root?: object
}

function document({ cluster, user, context, root }: Content = {}, path = '/home/me/.kube/config') {
  const content = {
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u', ...context } }],
    clusters: [{ name: 'c', cluster: { server: 'https://k8s.test:6443', ...cluster } }],
    users: [{ name: 'u', user: { ...user } }],
    ...root,
  }
  return { path, folder: path.slice(0, path.lastIndexOf('/')), content }
}

function invalid(content: Content, complaint: RegExp): void {
  assert.throws(
    () => kubeconfigContext([document(content)]),
    (error) => {
      assert.ok(hasCode(error, 'CONFIG_INVALID'), String(error))
      assert.match(error.message, complaint)
      return true
    },
  )
}

test('the current context names the server, the namespace and the credential', () => {
  const config = kubeconfigContext([document({ context: { namespace: 'shop' }, user: { token: 'secret' } })])
  assert.deepEqual(config, { server: 'https://k8s.test:6443', namespace: 'shop', credentials: { token: 'secret' } })
})

test('another context can be asked for by name', () => {
  const root = {
    contexts: [
      { name: 'main', context: { cluster: 'missing' } },
      { name: 'other', context: { cluster: 'c' } },
    ],
  }
  assert.deepEqual(kubeconfigContext([document({ root })], 'other'), {
    server: 'https://k8s.test:6443',
    namespace: 'default',
  })
})

test('certificates come from base64 or from files beside the kubeconfig, and base64 comes first', () => {
  const data = Buffer.from(pem).toString('base64')
  const config = kubeconfigContext([
    document({
      cluster: { 'certificate-authority-data': data, 'certificate-authority': 'ignored.crt', 'tls-server-name': 'api' },
      user: { 'client-certificate': 'me.crt', 'client-key': '/keys/me.key' },
    }),
  ])
  assert.deepEqual(config.certificateAuthority, { data: pem })
  assert.equal(config.tlsServerName, 'api')
  assert.deepEqual(config.credentials, {
    clientCertificate: { file: '/home/me/.kube/me.crt' },
    clientKey: { file: '/keys/me.key' },
  })
})

test('of several files the first that has an entry counts, and paths are relative to the file that names them', () => {
  const first = document({ root: { 'current-context': '', clusters: null, users: [] } }, '/a/config')
  const second = document({ user: { tokenFile: 'token' }, context: { cluster: 'ignored' } }, '/b/config')
  const config = kubeconfigContext([first, second])
  assert.deepEqual(config.credentials, { tokenFile: '/b/token' })
})

test('an exec plugin is described as kubectl reads it', () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './bin/login',
    args: ['--cluster', 'c'],
    env: [{ name: 'PROFILE', value: 'dev' }],
    installHint: 'brew install login',
    interactiveMode: 'Never',
    provideClusterInfo: true,
  }
  const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }]
  const config = kubeconfigContext([document({ user: { exec }, cluster: { extensions } })])
  assert.deepEqual(config.credentials?.exec, {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: '/home/me/.kube/bin/login',
    args: ['--cluster', 'c'],
    env: { PROFILE: 'dev' },
    installHint: 'brew install login',
    provideClusterInfo: true,
    interactiveMode: 'Never',
    clusterExtension: { audience: 'x' },
  })
})

test('what cannot be used is named with its place, and no secret is shown', () => {
  invalid({ root: { 'current-context': null } }, /^\/home\/me\/.kube\/config: there is no current-context/)
  invalid({ root: { 'current-context': 'lost' } }, /there is no context named lost in contexts/)
  invalid({ context: { cluster: 'lost' } }, /there is no cluster named lost/)
  invalid({ context: { user: 'lost' } }, /there is no user named lost/)
  invalid({ root: { clusters: { c: {} } } }, /config\.clusters must be a list/)
  invalid({ cluster: { server: 'k8s.test:6443' } }, /clusters\[0\]\.cluster\.server must be a URL/)
  invalid({ cluster: { 'certificate-authority-data': 'AAAA' } }, /certificate-authority-data must be PEM in base64/)
  invalid({ cluster: { 'insecure-skip-tls-verify': 'yes' } }, /insecure-skip-tls-verify must be true or false/)
  invalid({ user: { 'client-certificate': 'a' } }, /needs both or none/)
  invalid({ user: { token: 17 } }, /users\[0\]\.user\.token must be text/)
  invalid(
    { user: { exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } } },
    /v1alpha1; it must be/,
  )
})

test('what we do not support is refused, not passed over', () => {
  invalid({ cluster: { 'proxy-url': 'http://proxy' } }, /proxy-url is set, which @tiebeam\/k8s does not support/)
  invalid({ user: { 'auth-provider': { name: 'gcp' } } }, /auth-provider is set/)
  invalid({ user: { as: 'root' } }, /user\.as is set/)
})

test('a pod finds its API server in its environment, and its identity in its service account', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
  assert.deepEqual(inClusterConfig({ env, folder: '/sa', namespace: 'shop\n' }), {
    server: 'https://[fd00::1]:443',
    namespace: 'shop',
    certificateAuthority: { file: '/sa/ca.crt' },
    credentials: { tokenFile: '/sa/token' },
  })
  assert.equal(inClusterConfig({ env: {}, folder: '/sa', namespace: undefined }), undefined)
})
