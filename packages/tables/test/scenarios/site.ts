import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createNetwork, type Host, hasPeer, type Network, Random, requirePeer, waitFor } from '@tiebeam/testing'
import { AuthorityProcess } from './authority/authority-process.ts'
import type { AuthorityAccess, AuthorityName } from './authority/protocol.ts'
import { ednOf, type Operation, violationsOf } from './list-append.ts'
import { MemberProcess } from './member-process.ts'
import { askPorcupine } from './porcupine.ts'

const CLIENTS = 3
const peers = {
  etcd: ['etcd'],
  kubernetes: ['etcd', 'kube-apiserver', 'openssl'],
  members: [],
} as const

interface Stalls {
  /** The longest time between two successes of one client. */
  readonly longestMs: number
  readonly p99Ms: number
  readonly writes: number
}

interface SiteInit {
  readonly network: Network
  readonly hosts: readonly Host[]
  readonly authorityName: AuthorityName
  readonly authority: AuthorityProcess | undefined
  readonly access: AuthorityAccess
}

/** Hosts with a member each, and one for the authority, which is idle where the members are it. */
export class Site {
  readonly network: Network
  readonly random: Random
  readonly hosts: readonly Host[]
  readonly authorityName: AuthorityName
  readonly #t: TestContext
  readonly #authority: AuthorityProcess | undefined
  readonly #access: AuthorityAccess
  /** Also those that have ended. */
  #all: MemberProcess[] = []
  readonly #present = new Map<Host, MemberProcess>()
  readonly #pods = new Map<Host, string>()
  #replaced = 0
  #seed = 0

  /** Undefined when the test was skipped. */
  static async create(t: TestContext, authorityName: AuthorityName, count: number): Promise<Site | undefined> {
    if (!requirePeer(t, 'root', 'ip', 'nft', 'nsenter', 'unshare', ...peers[authorityName])) return undefined
    const names = Array.from({ length: count }, (_, index) => `host${index + 1}`)
    const network = await createNetwork(t, { hosts: [...names, 'authority'] })
    const hosts = names.map((name) => network.host(name))
    const authority =
      authorityName === 'members'
        ? undefined
        : await AuthorityProcess.start(t, network.host('authority'), authorityName)
    for (const { name } of hosts) await authority?.order('makePod', name)
    const access: AuthorityAccess = (await authority?.access()) ?? { type: 'members', minimumNodes: count }
    return new Site(t, { network, hosts, authorityName, authority, access })
  }

  private constructor(t: TestContext, { network, hosts, authorityName, authority, access }: SiteInit) {
    this.#t = t
    this.network = network
    this.hosts = hosts
    this.authorityName = authorityName
    this.#authority = authority
    this.#access = access
    this.random = new Random(Number(process.env.TIEBEAM_TEST_SEED ?? Date.now() % 2 ** 32))
    t.diagnostic(`seed ${this.random.seed} (TIEBEAM_TEST_SEED)`)
  }

  /** The server that keeps the record. */
  get authority(): AuthorityProcess {
    assert.ok(this.#authority !== undefined, 'there is an authority besides the members')
    return this.#authority
  }

  get members(): MemberProcess[] {
    return [...this.#present.values()]
  }

  start(host: Host): MemberProcess {
    this.#seed += 1
    const member = new MemberProcess(this.#t, host, {
      name: this.#nameOf(host),
      nodes: this.hosts.map((each) => this.#nameOf(each)),
      authority: this.#access,
      pod: this.#podOn(host),
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

  async backup(): Promise<MemberProcess> {
    const [backup] = this.others(await this.primary())
    assert.ok(backup !== undefined)
    return backup
  }

  others(member: MemberProcess): MemberProcess[] {
    return this.members.filter((other) => other !== member)
  }

  /** As when a pod is made anew elsewhere: the host has another address, and the member on it another pod. Returns the pod of before. */
  async replacePod(host: Host): Promise<string> {
    const before = this.#podOn(host)
    this.#replaced += 1
    await host.setAddresses(`10.77.0.${100 + this.#replaced}`, `fd77::1:${this.#replaced.toString(16)}`)
    this.#pods.set(host, `${host.name}-${this.#replaced}`)
    await this.authority.order('makePod', this.#podOn(host))
    return before
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

  /**
   * Does something, starts those who are missing after it, and prints how long the writes of any client stood still: of a member that
   * nothing was done to, and apart from them of the one that `fault` returns, which is heard again only when it is over.
   */
  async measure(what: string, fault: () => Promise<MemberProcess | undefined>): Promise<void> {
    const startedNs = process.hrtime.bigint()
    const hit = await fault()
    this.startMissing()
    await this.whole()
    const tookMs = Math.round(Number(process.hrtime.bigint() - startedNs) / 1e6)
    const stallsAt = (members: readonly MemberProcess[]): Stalls =>
      stallsOf(
        members.flatMap(({ operations }) => operations),
        startedNs,
      )
    const ofHit = hit === undefined ? {} : { ofHit: stallsAt([hit]) }
    const stalls = stallsAt(this.#all.filter((member) => member !== hit))
    this.#t.diagnostic(JSON.stringify({ what, tookMs, ...stalls, ...ofHit }))
  }

  /** Kills all at once. What they did is judged before, for they take all rows with them. */
  async killAll(): Promise<void> {
    await this.judge()
    await Promise.all(this.members.map((member) => this.kill(member)))
    this.#all = []
  }

  /** Starts those that are not there. */
  startMissing(): void {
    for (const host of this.hosts) if (!this.#present.has(host)) this.start(host)
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
    const edn = ednOf(operations)
    await this.#keep(edn)
    if (hasPeer('porcupine')) assert.equal(await askPorcupine(edn), 'accepted')
    assert.deepEqual(violationsOf(operations, first), [])
    assert.deepEqual(
      this.#all.flatMap(({ violations }) => violations),
      [],
    )
    const counts = { ok: 0, failed: 0, unknown: 0 }
    for (const { outcome } of operations) counts[outcome] += 1
    this.#t.diagnostic(JSON.stringify({ judged: operations.length, ...counts }))
    assert.ok(counts.ok > 0)
  }

  async #keep(edn: string): Promise<void> {
    const folder = process.env.TIEBEAM_TABLES_HISTORY
    if (folder === undefined) return
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `${this.authorityName}-${this.random.seed}-${this.#seed}.edn`), edn)
  }

  #podOn(host: Host): string {
    return this.#pods.get(host) ?? host.name
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
