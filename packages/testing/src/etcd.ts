import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './addresses.ts'
import { Child, spawnTied } from './child.ts'
import type { Scope } from './scope.ts'
import { waitFor } from './wait-for.ts'

/** A real etcd of one member, which forgets all when its scope ends. */
export interface Etcd {
  /** Of the clients. */
  readonly url: string
  /** The program of the moment. */
  readonly child: Child
  /** Ends it (SIGKILL). */
  stop(): Promise<void>
  /** Starts it again after `stop`, at the same port, with what it held. */
  start(): Promise<void>
  /** Forgets all versions before the newest, as it does by itself after some minutes. */
  compact(): Promise<void>
}

export interface EtcdInit {
  /** Where clients reach it. Default 127.0.0.1. */
  readonly address?: string
}

/** Starts `etcd` on ports of its own, and waits until it serves. */
export async function startEtcd(scope: Scope, { address = '127.0.0.1' }: EtcdInit = {}): Promise<Etcd> {
  const folder = await mkdtemp(join(tmpdir(), 'tiebeam-etcd-'))
  scope.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  const url = `http://${address}:${await freePort()}`
  const peerUrl = `http://127.0.0.1:${await freePort()}`
  const args = [
    `--data-dir=${folder}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    // Nothing must outlive the test, so nothing need wait for the disk.
    '--unsafe-no-fsync',
  ]
  const start = async (): Promise<Child> => {
    const started = new Child(scope, spawnTied('etcd', args, { stdio: ['ignore', 'pipe', 'pipe'] }), 'etcd')
    await waitFor(() => healthy(url, started), { what: () => `etcd to serve; its output:\n${started.output}` })
    return started
  }
  let child = await start()
  return {
    url,
    get child() {
      return child
    },
    stop: () => child.kill(),
    async start() {
      if (!child.running) child = await start()
    },
    compact: () => compact(url),
  }
}

async function healthy(url: string, child: Child): Promise<boolean> {
  if (!child.running) throw new Error(`etcd ended early. Its output:\n${child.output}`)
  const answer = await fetch(`${url}/health`).catch(() => undefined)
  return answer?.ok === true && ((await answer.json()) as { health?: string }).health === 'true'
}

async function compact(url: string): Promise<void> {
  // Any key tells the revision of the whole store.
  const { header } = (await call(url, 'kv/range', { key: Buffer.from('/').toString('base64') })) as {
    header: { revision: string }
  }
  await call(url, 'kv/compaction', { revision: header.revision, physical: true })
}

/** The JSON form of etcd's gRPC. */
async function call(url: string, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`etcd answered ${answer.status} to ${path}: ${await answer.text()}`)
  return answer.json()
}
