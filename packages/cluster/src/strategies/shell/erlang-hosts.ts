import { open } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { listNodes } from '@tiebeam/distribution'
import { ClusterError, codeOf, messageOf } from '../../errors.ts'
import type { ListQuery, PolledStrategy } from '../../strategy.ts'
import { parseHostsFile } from '../hosts-file.ts'
import { OptionChecks } from '../options.ts'

export interface ErlangHostsInit {
  /** Default: `.hosts.erlang` in the current directory or, if there is none, in the home directory. Read anew at each look-up. */
  readonly hostsFile?: string
  /** Port of EPMD at every host. Default 4369. */
  readonly epmdPort?: number
  /** Time between two look-ups when the cluster is complete, in ms; libcluster's `timeout`. Default 5000. */
  readonly pollingIntervalMs?: number
  /** How long the EPMD of a host may take to answer, in ms. Default 1000. */
  readonly timeoutMs?: number
  /** Hosts that are asked; the rest of the file is left out. Default 256. */
  readonly hostsMax?: number
}

const HOSTS_FILE = '.hosts.erlang'
const FILE_BYTES_MAX = 1024 * 1024

/**
 * The nodes that the EPMDs of the hosts in a `.hosts.erlang` file know: libcluster's `Cluster.Strategy.ErlangHosts`. A host that gives no
 * answer keeps the nodes that it had.
 */
export class ErlangHosts implements PolledStrategy {
  readonly type = 'polled'
  readonly kind = 'ErlangHosts'
  readonly pollingIntervalMs: number
  readonly #files: readonly string[]
  readonly #epmdPort: number | undefined
  readonly #timeoutMs: number
  readonly #hostsMax: number
  /** The last answer of each host. */
  #last: ReadonlyMap<string, readonly string[]> = new Map()
  #complaint = ''

  /** @throws ClusterError `OPTION_INVALID` */
  constructor(init: ErlangHostsInit = {}) {
    const { hostsFile, epmdPort, pollingIntervalMs = 5000, timeoutMs = 1000, hostsMax = 256 } = init
    const checks = new OptionChecks(this.kind)
    checks.that(
      hostsFile === undefined || (typeof hostsFile === 'string' && hostsFile !== ''),
      'hostsFile',
      hostsFile,
      'a path',
    )
    if (epmdPort !== undefined) checks.count('epmdPort', epmdPort, 65_535)
    checks.wait('pollingIntervalMs', pollingIntervalMs)
    checks.wait('timeoutMs', timeoutMs)
    checks.count('hostsMax', hostsMax)
    this.#files = hostsFile === undefined ? [HOSTS_FILE, join(homedir(), HOSTS_FILE)] : [hostsFile]
    this.#epmdPort = epmdPort
    this.pollingIntervalMs = pollingIntervalMs
    this.#timeoutMs = timeoutMs
    this.#hostsMax = hostsMax
  }

  async list(query: ListQuery): Promise<readonly string[]> {
    query.signal.throwIfAborted()
    const all = parseHostsFile(await this.#read())
    const hosts = all.slice(0, this.#hostsMax)
    const answers = await Promise.allSettled(hosts.map((host) => this.#ask(host, query.signal)))
    query.signal.throwIfAborted()
    const names = new Map<string, readonly string[]>()
    const silent: { host: string; error: unknown }[] = []
    for (const [index, host] of hosts.entries()) {
      const answer = answers[index]
      if (answer?.status === 'rejected') silent.push({ host, error: answer.reason })
      names.set(host, answer?.status === 'fulfilled' ? answer.value : (this.#last.get(host) ?? []))
    }
    const [first] = silent
    if (first !== undefined && silent.length === hosts.length) throw first.error
    this.#complain(query, silent, all.length - hosts.length)
    this.#last = names
    return [...names.values()].flat()
  }

  async #ask(host: string, signal: AbortSignal): Promise<readonly string[]> {
    const nodes = await listNodes({ address: host, port: this.#epmdPort, timeoutMs: this.#timeoutMs, signal })
    return nodes.map(({ name }) => `${name}@${host}`)
  }

  /** One line when something is wrong that was not so at the last look-up. */
  #complain({ logger }: ListQuery, silent: readonly { host: string; error: unknown }[], surplusCount: number): void {
    const complaints = silent.map(({ error }) => messageOf(error))
    if (surplusCount > 0) complaints.push(`More than hostsMax (${this.#hostsMax}) hosts, ${surplusCount} are left out.`)
    const complaint = [...silent.map(({ host }) => host), surplusCount].join()
    if (complaint === this.#complaint) return
    this.#complaint = complaint
    if (complaints.length > 0) logger.warn(`${HOSTS_FILE}: ${complaints.slice(0, COMPLAINTS_SHOWN_MAX).join(' ')}`)
  }

  async #read(): Promise<string> {
    for (const path of this.#files) {
      try {
        return await readText(path)
      } catch (error) {
        if (codeOf(error) === 'ENOENT') continue
        throw new ClusterError('LOOKUP_FAILED', `Could not read ${path}: ${messageOf(error)}.`, { cause: error })
      }
    }
    throw new ClusterError(
      'LOOKUP_FAILED',
      `There is no ${this.#files.join(', and no ')}. Write a file with a host in each line, such as 'a.example'. (with the dot).`,
    )
  }
}

const COMPLAINTS_SHOWN_MAX = 5

async function readText(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > FILE_BYTES_MAX) throw new Error(`it has ${size} bytes, more than ${FILE_BYTES_MAX}`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
