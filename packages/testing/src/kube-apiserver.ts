import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './addresses.ts'
import type { CertificateFiles } from './certificates.ts'
import { makeAuthority, makeCertificate, makeKeyPair } from './certificates.ts'
import { Child, spawnTied } from './child.ts'
import type { Etcd } from './etcd.ts'
import { startEtcd } from './etcd.ts'
import { findProgram } from './require-peer.ts'
import type { Scope } from './scope.ts'
import { waitFor } from './wait-for.ts'

export interface KubeApiserverInit {
  /** Where clients reach it. Default 127.0.0.1. */
  readonly address?: string
  /** Default: one of its own. */
  readonly etcd?: Etcd
  /** Users by their token, besides the administrator. RBAC grants them what `system:authenticated` may, and what the test grants. */
  readonly users?: Readonly<Record<string, { readonly name: string; readonly groups?: readonly string[] }>>
  /** More arguments of the program. */
  readonly args?: readonly string[]
}

/**
 * A real API server with RBAC. There is no controller and no kubelet: namespaces have no default service account, Pods do not run, and
 * the test writes their status.
 */
export interface KubeApiserver {
  readonly url: string
  readonly port: number
  readonly etcd: Etcd
  /** PEM. */
  readonly certificateAuthority: string
  readonly certificateAuthorityFile: string
  /** Of a user in `system:masters`, who may do anything. */
  readonly adminToken: string
  readonly adminCertificate: CertificateFiles
  /** With the client certificate of the administrator. */
  readonly kubeconfig: string
  /** The program of the moment. */
  readonly child: Child
  /** Ends it (SIGKILL): connections are reset, then refused. */
  stop(): Promise<void>
  /** Starts it again after `stop`, at the same port, with what etcd has. */
  start(): Promise<void>
}

const ADMIN_TOKEN = 'administrator'

/** Starts `kube-apiserver`, and etcd with it, and waits until it is ready. */
export async function startKubeApiserver(scope: Scope, init: KubeApiserverInit = {}): Promise<KubeApiserver> {
  const { address = '127.0.0.1' } = init
  const folder = await mkdtemp(join(tmpdir(), 'tiebeam-apiserver-'))
  scope.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  const [etcd, authority, serviceAccounts, port] = await Promise.all([
    init.etcd ?? startEtcd(scope),
    makeAuthority(folder, 'authority'),
    makeKeyPair(folder, 'service-accounts'),
    freePort(),
  ])
  const alternativeNames = `IP:${address},DNS:localhost,DNS:kubernetes.default.svc`
  const server = await makeCertificate(folder, 'server', authority, { subject: '/CN=server', alternativeNames })
  const adminCertificate = await makeCertificate(folder, 'admin', authority, { subject: '/O=system:masters/CN=admin' })
  const tokens = join(folder, 'tokens.csv')
  await writeFile(tokens, tokenFile(init.users ?? {}))
  const url = `https://${address}:${port}`
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(url, authority.certificate, adminCertificate)))
  const args = [
    `--etcd-servers=${etcd.url}`,
    `--bind-address=${address}`,
    `--secure-port=${port}`,
    `--tls-cert-file=${server.certificate}`,
    `--tls-private-key-file=${server.key}`,
    `--client-ca-file=${authority.certificate}`,
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${serviceAccounts.publicKey}`,
    `--service-account-signing-key-file=${serviceAccounts.key}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    // It refuses Pods until a controller, which is not there, has made the service account of their namespace.
    '--disable-admission-plugins=ServiceAccount',
    ...(init.args ?? []),
  ]
  const certificateAuthority = await readFile(authority.certificate, 'utf8')
  const start = async (): Promise<Child> => {
    const program = findProgram('kube-apiserver') ?? 'kube-apiserver'
    const spawned = spawnTied(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const child = new Child(scope, spawned, 'kube-apiserver')
    await waitFor(() => ready({ address, port, ca: certificateAuthority }, child), {
      timeoutMs: 180_000,
      intervalMs: 100,
      what: () => `kube-apiserver to be ready; its output:\n${child.output}`,
    })
    return child
  }
  let child = await start()
  return {
    url,
    port,
    etcd,
    certificateAuthority,
    certificateAuthorityFile: authority.certificate,
    adminToken: ADMIN_TOKEN,
    adminCertificate,
    kubeconfig,
    get child() {
      return child
    },
    stop: () => child.kill(),
    async start() {
      if (!child.running) child = await start()
    },
  }
}

function tokenFile(users: NonNullable<KubeApiserverInit['users']>): string {
  const all = { [ADMIN_TOKEN]: { name: 'administrator', groups: ['system:masters'] }, ...users }
  return Object.entries(all)
    .map(([token, { name, groups = [] }]) => `${token},${name},${name},"${groups.join(',')}"\n`)
    .join('')
}

function kubeconfigOf(server: string, authority: string, { certificate, key }: CertificateFiles): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': authority } }],
    users: [{ name: 'admin', user: { 'client-certificate': certificate, 'client-key': key } }],
  }
}

interface Endpoint {
  readonly address: string
  readonly port: number
  readonly ca: string
}

function ready({ address, port, ca }: Endpoint, child: Child): Promise<boolean> {
  if (!child.running) throw new Error(`kube-apiserver ended early. Its output:\n${child.output}`)
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  return new Promise((resolve) => {
    const asked = request({ host: address, port, path: '/readyz', ca, headers, agent: false, timeout: 5000 })
    asked.once('error', () => resolve(false))
    asked.once('timeout', () => asked.destroy(new Error('no answer')))
    asked.once('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.end()
  })
}
