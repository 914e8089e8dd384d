import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { execInfo, parseExecCredential } from '../../src/credentials/exec-credential.ts'
import { CredentialSource } from '../../src/credentials/shell/credential-source.ts'
import type { ExecPlugin, KubeConfig } from '../../src/index.ts'
import { hasCode } from '../../src/index.ts'

const plugin: ExecPlugin = {
  apiVersion: 'client.authentication.k8s.io/v1',
  command: 'login',
  args: [],
  env: {},
  provideClusterInfo: true,
  interactiveMode: 'IfAvailable',
}
const base = { server: 'https://k8s.test', namespace: 'default' }

async function scratch(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tiebeam-credentials-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

function source(credentials: KubeConfig['credentials'], rereadMs = 60_000): CredentialSource {
  return new CredentialSource({ ...base, ...(credentials && { credentials }) }, { rereadMs, logger: undefined })
}

/** A plugin in shell that counts its runs in the file `runs`. */
async function script(folder: string, body: string, init: Partial<ExecPlugin> = {}): Promise<ExecPlugin> {
  const command = join(folder, 'plugin.sh')
  await writeFile(command, `#!/bin/sh\necho run >> ${folder}/runs\n${body}\n`)
  await chmod(command, 0o755)
  return { ...plugin, command, ...init }
}

function runs(folder: string): Promise<number> {
  return readFile(join(folder, 'runs'), 'utf8').then((text) => text.split('\n').length - 1)
}

function printed(status: object): string {
  return `echo '${JSON.stringify({ apiVersion: plugin.apiVersion, kind: 'ExecCredential', status })}'`
}

test('a plugin is told of the cluster, when it wants to be', () => {
  const cluster = { server: 'https://k8s.test', certificateAuthority: 'PEM' }
  assert.deepEqual(JSON.parse(execInfo({ ...plugin, clusterExtension: { a: 1 } }, cluster)), {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      cluster: { server: 'https://k8s.test', 'certificate-authority-data': 'UEVN', config: { a: 1 } },
    },
  })
  assert.deepEqual(JSON.parse(execInfo({ ...plugin, provideClusterInfo: false }, cluster)).spec, { interactive: false })
})

test('what a plugin prints must be an ExecCredential of the version that was asked for', () => {
  const good = { apiVersion: plugin.apiVersion, kind: 'ExecCredential' }
  const refused = (output: string, complaint: RegExp): void =>
    assert.throws(
      () => parseExecCredential(plugin, output),
      (error) =>
        hasCode(error, 'CREDENTIAL_UNAVAILABLE') && complaint.test(error.message) && !/secret/.test(error.message),
    )
  refused('secret', /not JSON/)
  refused('null', /no ExecCredential/)
  refused(JSON.stringify({ ...good, apiVersion: 'client.authentication.k8s.io/v1beta1' }), /printed apiVersion/)
  refused(JSON.stringify(good), /neither a token nor a certificate/)
  refused(JSON.stringify({ ...good, status: { clientKeyData: 'secret' } }), /without its certificate/)
  refused(JSON.stringify({ ...good, status: { token: ['secret'] } }), /status\.token is not text/)
  refused(JSON.stringify({ ...good, status: { token: 'secret', expirationTimestamp: 'soon' } }), /RFC 3339/)
  const status = { token: 't', expirationTimestamp: '2026-01-01T00:00:00Z' }
  assert.deepEqual(parseExecCredential(plugin, JSON.stringify({ ...good, status })), {
    token: 't',
    clientCertificate: undefined,
    clientKey: undefined,
    expiresAtMs: Date.UTC(2026, 0, 1),
  })
})

test('a plugin runs once for many requests, and again when its credential is refused', async (t) => {
  const folder = await scratch(t)
  const exec = await script(folder, printed({ token: 'plugged' }))
  const credentials = source({ exec })
  const all = await Promise.all([credentials.current(), credentials.current(), credentials.current()])
  assert.deepEqual(new Set(all.map(({ authorization }) => authorization)), new Set(['Bearer plugged']))
  const refused = await credentials.current()
  assert.equal(await runs(folder), 1)
  credentials.expire({ ...refused, authorization: 'Bearer older' })
  await credentials.current()
  assert.equal(await runs(folder), 1)
  credentials.expire(refused)
  await credentials.current()
  assert.equal(await runs(folder), 2)
})

test('a credential of a plugin is renewed when it has expired', async (t) => {
  const folder = await scratch(t)
  const body = printed({
    clientCertificateData: 'CERT',
    clientKeyData: 'KEY',
    expirationTimestamp: '2020-01-01T00:00:00Z',
  })
  const credentials = source({ exec: await script(folder, body) })
  const { authorization, clientCertificate, clientKey } = await credentials.current()
  assert.deepEqual([authorization, clientCertificate, clientKey], [undefined, 'CERT', 'KEY'])
  await credentials.current()
  assert.equal(await runs(folder), 2)
})

test('a plugin has the environment of its kubeconfig, and cannot wait for input', async (t) => {
  const folder = await scratch(t)
  const exec = await script(folder, `cat > ${folder}/input\n${printed({ token: "'$PROFILE'" })}`, {
    env: { PROFILE: 'dev' },
  })
  assert.equal((await source({ exec }).current()).authorization, 'Bearer dev')
  assert.equal(await readFile(join(folder, 'input'), 'utf8'), '')
})

test('a plugin that fails is told with what it said, and tried again by the next request', async (t) => {
  const folder = await scratch(t)
  const credentials = source({ exec: await script(folder, 'echo log in first >&2; exit 3') })
  for (let round = 0; round < 2; round += 1) {
    await assert.rejects(
      credentials.current(),
      (error) => hasCode(error, 'CREDENTIAL_UNAVAILABLE') && /ended with 3 and said: log in first/.test(error.message),
    )
  }
  assert.equal(await runs(folder), 2)
  const missing = source({ exec: { ...plugin, command: '/nowhere/login', installHint: 'Install it from x.' } })
  await assert.rejects(missing.current(), /no such program\. Install it from x\./)
  await assert.rejects(source({ exec: { ...plugin, interactiveMode: 'Always' } }).current(), /has none/)
})

test('a token file is read again after a while or when it is refused, and its last content outlives its absence', async (t) => {
  const path = join(await scratch(t), 'token')
  await writeFile(path, 'first\n')
  const lasting = source({ tokenFile: path })
  assert.equal((await lasting.current()).authorization, 'Bearer first')
  await writeFile(path, 'second\n')
  const refused = await lasting.current()
  assert.equal(refused.authorization, 'Bearer first')
  lasting.expire(refused)
  assert.equal((await lasting.current()).authorization, 'Bearer second')

  const eager = source({ tokenFile: path }, 0.001)
  assert.equal((await eager.current()).authorization, 'Bearer second')
  await writeFile(path, 'third\n')
  assert.equal((await eager.current()).authorization, 'Bearer third')
  await unlink(path)
  assert.equal((await eager.current()).authorization, 'Bearer third')
  await assert.rejects(source({ tokenFile: path }).current(), (error) => hasCode(error, 'CREDENTIAL_UNAVAILABLE'))
})

test('a token or a password goes before a plugin', async () => {
  const exec = { ...plugin, command: '/nowhere/login' }
  assert.equal((await source({ token: 't', exec }).current()).authorization, 'Bearer t')
  const basic = { username: 'me', password: 'p:w' }
  assert.equal((await source({ basic, exec }).current()).authorization, 'Basic bWU6cDp3')
  assert.equal((await source(undefined).current()).authorization, undefined)
})
