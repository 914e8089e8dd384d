import { type Etcd, type Scope, startEtcd } from '@tiebeam/testing'
import { KEY } from './member-authority.ts'
import type { AuthorityAccess, AuthorityServer } from './protocol.ts'

const key = base64(KEY)

export class EtcdServer implements AuthorityServer {
  readonly #etcd: Etcd

  static async start(scope: Scope, address: string): Promise<EtcdServer> {
    return new EtcdServer(await startEtcd(scope, { address }))
  }

  private constructor(etcd: Etcd) {
    this.#etcd = etcd
  }

  async access(): Promise<AuthorityAccess> {
    return { type: 'etcd', endpoint: this.#etcd.url }
  }

  async pause(): Promise<void> {
    this.#etcd.child.signal('SIGSTOP')
  }

  async resume(): Promise<void> {
    this.#etcd.child.signal('SIGCONT')
  }

  stop(): Promise<void> {
    return this.#etcd.stop()
  }

  start(): Promise<void> {
    return this.#etcd.start()
  }

  async read(): Promise<string> {
    const { kvs } = (await this.#ask('range', { key })) as { kvs?: [{ value: string }] }
    if (kvs === undefined) throw new Error('etcd holds no record')
    return Buffer.from(kvs[0].value, 'base64').toString()
  }

  async write(record: string): Promise<void> {
    await this.#ask('put', { key, value: base64(record) })
  }

  async delete(): Promise<void> {
    await this.#ask('deleterange', { key })
  }

  async makePod(): Promise<void> {}

  async endPod(): Promise<void> {}

  async #ask(path: string, body: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#etcd.url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`etcd answered ${answer.status} to ${path}: ${await answer.text()}`)
    return answer.json()
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
