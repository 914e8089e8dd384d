import { KubernetesClient, type Lease, leases, loadConfig, namespaces, pods } from '@tiebeam/k8s'
import { type KubeApiserver, type Scope, startKubeApiserver } from '@tiebeam/testing'
import { LEASE } from './member-authority.ts'
import type { AuthorityAccess, AuthorityServer } from './protocol.ts'

const NAMESPACE = 'shop'

export class KubernetesServer implements AuthorityServer {
  readonly #server: KubeApiserver
  readonly #admin: KubernetesClient

  static async start(scope: Scope, address: string): Promise<KubernetesServer> {
    const server = await startKubeApiserver(scope, { address })
    const admin = new KubernetesClient(await loadConfig({ kubeconfig: server.kubeconfig }))
    scope.after(() => admin.close())
    await admin.resource(namespaces).create({ metadata: { name: NAMESPACE } })
    return new KubernetesServer(server, admin)
  }

  private constructor(server: KubeApiserver, admin: KubernetesClient) {
    this.#server = server
    this.#admin = admin
  }

  async access(): Promise<AuthorityAccess> {
    const { url, certificateAuthority, adminToken } = this.#server
    return { type: 'kubernetes', server: url, certificateAuthority, token: adminToken, namespace: NAMESPACE }
  }

  async pause(): Promise<void> {
    this.#server.child.signal('SIGSTOP')
  }

  async resume(): Promise<void> {
    this.#server.child.signal('SIGCONT')
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }

  start(): Promise<void> {
    return this.#server.start()
  }

  async read(): Promise<string> {
    const { metadata, spec } = await this.#leases.get(LEASE)
    return JSON.stringify({ annotations: metadata?.annotations, spec })
  }

  /** As `kubectl replace --force` does: it is another object then. */
  async write(record: string): Promise<void> {
    const { annotations, spec } = JSON.parse(record)
    if ((await this.#leases.find(LEASE)) !== undefined) await this.delete()
    await this.#leases.create({ metadata: { name: LEASE, annotations }, spec })
  }

  async delete(): Promise<void> {
    await this.#leases.delete(LEASE)
  }

  async makePod(name: string): Promise<void> {
    const spec = { containers: [{ name: 'app', image: 'app' }] }
    await this.#admin.resource(pods, NAMESPACE).create({ metadata: { name }, spec })
  }

  async endPod(name: string): Promise<void> {
    await this.#admin.resource(pods, NAMESPACE).delete(name, { gracePeriodSeconds: 0 })
  }

  get #leases() {
    return this.#admin.resource<Lease>(leases, NAMESPACE)
  }
}
