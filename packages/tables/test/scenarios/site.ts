import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Child, createNetwork, type Host, type Network, Random, requirePeer, waitFor } from '@tiebeam/testing'
import { ednOf, type Operation, violationsOf } from './list-append.ts'
import { MemberProcess } from './member-process.ts'

const registerProgram = fileURLToPath(new URL('./register.js', import.meta.url))
const CLIENTS = 3

interface Stalls {
  /** The longest time between two successes of one client. */
  readonly longestMs: number
  readonly p99Ms: number
  readonly writes: number
}

/** Hosts with a member each, and one that keeps the register. */
export class Site {
  readonly network: Network
  readonly random: Random
  readonly hosts: readonly Host[]
  readonly register: Child
  readonly #t: TestContext
  readonly #registerHost: Host
  /** By host; also those that have ended. */
  readonly #all: MemberProcess[] = []
  readonly #present = new Map<Host, MemberProcess>()
  #seed = 0

  /** Undefined when the test was skipped. */
  static async create(t: TestContext, count: number): Promise<Site | undefined> {
    if (!requirePeer(t, 'root', 'ip', 'nft', 'nsenter', 'unshare')) return undefined
    const names = Array.from({ length: count }, (_, index) => `host${index + 1}`)
    const network = await createNetwork(t, { hosts: [...names, 'register'] })
    const site = new Site(
      t,
      network,
      names.map((name) => network.host(name)),
    )
    await site.register.waitForOutput(/ready/)
    return site
  }

  private constructor(t: TestContext, network: Network, hosts: readonly Host[]) {
    this.#t = t
    this.network = network
    this.hosts = hosts
    this.random = new Random(Number(process.env.TIEBEAM_TEST_SEED ?? Date.now() % 2 ** 32))
    t.diagnostic(`seed ${this.random.seed} (TIEBEAM_TEST_SEED)`)
    this.#registerHost = network.host('register')
    const child = this.#registerHost.spawn(process.execPath, [registerProgram, this.#nameOf(this.#registerHost)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.register = new Child(t, child, 'register')
  }

  get members(): MemberProcess[] {
    return [...this.#present.values()]
  }

  start(host: Host): MemberProcess {
    this.#seed += 1
    const member = new MemberProcess(this.#t, host, {
      name: this.#nameOf(host),
      nodes: this.hosts.map((each) => this.#nameOf(each)),
      registerNode: this.#nameOf(this.#registerHost),
      seed: this.random.seed + this.#seed,
      clients: CLIENTS,
    })
    this.#present.set(host, member)
    this.#all.push(member)
    return member
  }

  async kill(member: MemberProcess): Promise<void> {
    this.#present.delete(member.host)
    await member.child.kill()
  }

  async stop(member: MemberProcess): Promise<void> {
    this.#present.delete(member.host)
    await member.stop()
  }

  async primary(): Promise<MemberProcess> {
    return waitFor(async () => {
      for (const member of this.members) {
        if (member.isOpen && (await member.status()).role === 'primary') return member
      }
      return undefined
    })
  }

  async backups(): Promise<MemberProcess[]> {
    const primary = await this.primary()
    return this.members.filter((member) => member !== primary)
  }

  /** What happens to the record of the authority. */
  changeRecord(change: 'delete' | 'restore'): void {
    this.register.process.stdin?.write(`${change}\n`)
  }

  /** Waits until all that live are in one view, and write. */
  async whole(): Promise<void> {
    const { members } = this
    await waitFor(
      async () => {
        for (const member of members) {
          if (!member.isOpen) return false
          const { role, view, cutOff } = await member.status()
          if (cutOff || view?.members.length !== members.length || (role !== 'primary' && role !== 'member'))
            return false
        }
        return true
      },
      {
        intervalMs: 50,
        what: () =>
          `a whole view\n${members.map(({ name, logs }) => `${name}\n${logs.slice(-12).join('\n')}`).join('\n')}`,
      },
    )
    await this.progress()
  }

  /** Waits until some more is acknowledged at each of them. */
  async progress(members: readonly MemberProcess[] = this.members, count = 20): Promise<void> {
    const before = members.map(({ acknowledged }) => acknowledged)
    const isDone = (): boolean =>
      members.every(({ acknowledged }, index) => acknowledged >= (before[index] ?? 0) + count)
    await waitFor(isDone, {
      what: () => `progress\n${members.map(({ name, logs }) => `${name}\n${logs.slice(-12).join('\n')}`).join('\n')}`,
    })
  }

  /** Does something, and prints how long the writes of any client stood still. */
  async measure(what: string, fault: () => Promise<void>): Promise<void> {
    const startedNs = process.hrtime.bigint()
    await fault()
    await this.whole()
    const stalls = stallsOf(
      this.#all.flatMap(({ operations }) => operations),
      startedNs,
    )
    this.#t.diagnostic(JSON.stringify({ what, ...stalls }))
  }

  /** Ends the clients, and judges all that any of them ever did. */
  async judge(): Promise<void> {
    await this.whole()
    for (const member of this.members) await member.quiet()
    const [first, ...others] = await Promise.all(this.members.map((member) => member.lists()))
    assert.ok(first !== undefined)
    for (const other of others)
      assert.deepEqual(new Map([...other].sort()), new Map([...first].sort()), 'all hold the same rows')
    const operations = this.#all.flatMap((member) => member.operations)
    const folder = process.env.TIEBEAM_TABLES_HISTORY
    if (folder !== undefined) await writeFile(`${folder}/${this.random.seed}.edn`, ednOf(operations))
    assert.deepEqual(violationsOf(operations, first), [])
    assert.deepEqual(
      this.#all.flatMap(({ violations }) => violations),
      [],
    )
    const counts = { ok: 0, failed: 0, unknown: 0 }
    for (const { outcome } of operations) counts[outcome] += 1
    this.#t.diagnostic(JSON.stringify({ judged: operations.length, ...counts }))
    assert.ok(counts.ok > 100)
  }

  #nameOf(host: Host): string {
    return `app@${host.ipv4}`
  }
}

function stallsOf(operations: readonly Operation[], sinceNs: bigint): Stalls {
  const byClient = new Map<string, Operation[]>()
  for (const operation of operations) {
    if (operation.outcome !== 'ok' || (operation.returnedNs ?? 0n) < sinceNs) continue
    byClient.set(operation.client, [...(byClient.get(operation.client) ?? []), operation])
  }
  let longestNs = 0n
  const times: number[] = []
  for (const each of byClient.values()) {
    let last = each[0]?.invokedNs ?? sinceNs
    for (const { invokedNs, returnedNs } of each) {
      const returned = returnedNs as bigint
      if (returned - last > longestNs) longestNs = returned - last
      last = returned
      times.push(Number(returned - invokedNs) / 1e6)
    }
  }
  times.sort((left, right) => left - right)
  const p99Ms = Math.round((times[Math.floor(times.length * 0.99)] ?? 0) * 10) / 10
  return { longestMs: Math.round(Number(longestNs) / 1e6), p99Ms, writes: times.length }
}
