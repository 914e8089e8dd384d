import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './addresses.ts'
import type { Spawn } from './child.ts'
import { Child, spawnTied } from './child.ts'
import type { Scope } from './scope.ts'
import { waitFor } from './wait-for.ts'

/** Addresses (IPv4 and IPv6) of each name, as the A and AAAA records of a headless Service. */
export type DnsRecords = Readonly<Record<string, readonly string[]>>

/** Hosts of each name, as the SRV records of a headless Service. */
export type DnsServices = Readonly<Record<string, readonly string[]>>

export interface DnsmasqInit {
  records?: DnsRecords
  services?: DnsServices
  /** Default 127.0.0.1. */
  address?: string
  /** Default: one that is free; within a namespace 53. */
  port?: number
  /** `host.spawn` for a server within a network namespace. */
  spawn?: Spawn
}

/** A real DNS server. It knows the given names only; every other name does not exist (NXDOMAIN). Its answers have TTL 0. */
export class Dnsmasq {
  readonly address: string
  readonly port: number
  readonly #start: () => Promise<Child>
  readonly #hostsPath: string
  readonly #servicesPath: string
  #child: Child
  #readings = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(
    at: { readonly address: string; readonly port: number },
    paths: { readonly hosts: string; readonly services: string },
    child: Child,
    start: () => Promise<Child>,
  ) {
    this.address = at.address
    this.port = at.port
    this.#hostsPath = paths.hosts
    this.#servicesPath = paths.services
    this.#child = child
    this.#start = start
  }

  get child(): Child {
    return this.#child
  }

  /** Replaces all records; resolves when the server answers with the new ones. */
  setRecords(records: DnsRecords): Promise<void> {
    const done = this.#last.then(async () => {
      await writeHosts(this.#hostsPath, records)
      if (!this.#child.running) return
      const before = this.#readingsSoFar()
      this.#child.signal('SIGHUP')
      await waitFor(() => this.#readingsSoFar() > before, { what: 'dnsmasq reading its records again' })
    })
    this.#last = done.catch(() => {})
    return done
  }

  /** Replaces all SRV records; resolves when the server answers with the new ones. It is started anew for that. */
  setServices(services: DnsServices): Promise<void> {
    const done = this.#last.then(async () => {
      await writeServices(this.#servicesPath, services)
      if (!this.#child.running) return
      await this.stop()
      await this.start()
    })
    this.#last = done.catch(() => {})
    return done
  }

  /** Takes no more queries, so that they time out (SIGSTOP), until `resume`. */
  suspend(): void {
    this.#child.signal('SIGSTOP')
  }

  resume(): void {
    this.#child.signal('SIGCONT')
  }

  /** Ends the server: queries are refused, until `start`. */
  stop(): Promise<void> {
    return this.#child.kill()
  }

  /** Starts it again after `stop`, at the same address and port, with the records set last. */
  async start(): Promise<void> {
    if (this.#child.running) return
    this.#child = await this.#start()
    this.#readings = 0
  }

  // dnsmasq says each time: "read /…/records - 3 names". Only the end of the output is kept, so count by growth.
  #readingsSoFar(): number {
    this.#readings = Math.max(this.#readings, this.#child.output.split(`read ${this.#hostsPath} `).length - 1)
    return this.#readings
  }
}

/** Starts dnsmasq and waits until it answers. Ends it when the scope ends. */
export async function startDnsmasq(scope: Scope, init: DnsmasqInit = {}): Promise<Dnsmasq> {
  const { records = {}, services = {}, address = '127.0.0.1' } = init
  const port = init.port ?? (init.spawn === undefined ? await freePort(address) : 53)
  const folder = await mkdtemp(join(tmpdir(), 'tiebeam-dns-'))
  scope.after(() => rm(folder, { recursive: true, force: true }))
  const hostsPath = join(folder, 'records')
  await writeHosts(hostsPath, records)
  const servicesPath = join(folder, 'services')
  await writeServices(servicesPath, services)
  const args = [
    '--no-daemon',
    '--log-facility=-',
    `--conf-file=${servicesPath}`,
    '--no-resolv',
    '--no-hosts',
    '--no-poll',
    '--bind-interfaces',
    '--local=/#/',
    '--local-ttl=0',
    '--cache-size=0',
    `--listen-address=${address}`,
    `--port=${port}`,
    `--addn-hosts=${hostsPath}`,
  ]
  const start = async (): Promise<Child> => {
    const child = new Child(
      scope,
      (init.spawn ?? spawnTied)('dnsmasq', args, { stdio: ['ignore', 'pipe', 'pipe'] }),
      'dnsmasq',
    )
    await child.waitForOutput(/read .*records - /)
    return child
  }
  return new Dnsmasq({ address, port }, { hosts: hostsPath, services: servicesPath }, await start(), start)
}

async function writeServices(path: string, services: DnsServices): Promise<void> {
  const lines = Object.entries(services).flatMap(([name, hosts]) => hosts.map((host) => `srv-host=${name},${host},0\n`))
  await writeFile(path, lines.join(''))
}

// Written beside and renamed, so that a reading never finds half of it.
async function writeHosts(path: string, records: DnsRecords): Promise<void> {
  const lines = Object.entries(records).flatMap(([name, addresses]) =>
    addresses.map((address) => `${address} ${name}\n`),
  )
  await writeFile(`${path}.new`, lines.join(''))
  await rename(`${path}.new`, path)
}
