import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hasCode, loadConfig } from '../../src/index.ts'

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: main
contexts:
- name: main
  context: { cluster: c, user: u }
clusters:
- name: c
  cluster:
    server: https://k8s.test:6443
users:
- name: u
  user:
    token: secret
`

async function home(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tiebeam-kube-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

test('KUBECONFIG comes before ~/.kube/config, and that before the service account', async (t) => {
  const folder = await home(t)
  const pod = { HOME: folder, KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
  assert.equal((await loadConfig({ env: pod })).server, 'https://10.96.0.1:443')
  await mkdir(join(folder, '.kube'))
  await writeFile(join(folder, '.kube', 'config'), kubeconfig)
  assert.equal((await loadConfig({ env: pod })).server, 'https://k8s.test:6443')
  const other = join(folder, 'other')
  await writeFile(other, kubeconfig.replace('k8s.test', 'other.test'))
  const several = { ...pod, KUBECONFIG: `${join(folder, 'missing')}:${other}:${join(folder, '.kube', 'config')}` }
  assert.equal((await loadConfig({ env: several })).server, 'https://other.test:6443')
})

test('where there is nothing, it says where it looked', async (t) => {
  const env = { HOME: await home(t) }
  await assert.rejects(loadConfig({ env }), (error) => hasCode(error, 'CONFIG_MISSING') && /no pod/.test(error.message))
  await assert.rejects(
    loadConfig({ env: { ...env, KUBECONFIG: '/nowhere/config' } }),
    (error) => hasCode(error, 'CONFIG_MISSING') && /\/nowhere\/config/.test(error.message),
  )
})

test('what is no YAML is told with its place, and without the line, which may hold a secret', async (t) => {
  const path = join(await home(t), 'config')
  await writeFile(path, 'users:\n  - token: "secret\n  x: [')
  await assert.rejects(loadConfig({ kubeconfig: path }), (error) => {
    assert.ok(hasCode(error, 'CONFIG_INVALID'))
    assert.match(error.message, /config is not YAML: .*line \d/)
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /secret/)
    return true
  })
  await assert.rejects(loadConfig({ kubeconfig: '/' }), (error) => hasCode(error, 'CONFIG_INVALID'))
})
