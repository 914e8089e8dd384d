import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { isNodeName } from '@tiebeam/distribution'
import { candidates, noSearch, parseSearchRules, type SearchRules } from '../../dns/resolv-conf.ts'
import type { AddressResolver, NameServer } from '../../dns/resolver.ts'
import { DnsResolver } from '../../dns/shell/dns-resolver.ts'
import { ClusterError, codeOf } from '../../errors.ts'
import type { ListQuery, PolledStrategy } from '../../strategy.ts'
import { type AddressesByFamily, addressesOfNodes } from '../families.ts'

export interface KubernetesDnsInit {
  /**
   * Name of the headless Service. A short name, `app`, is completed by the system's search list, as in a pod; `app.other.svc.cluster.local`
   * names another namespace.
   */
  readonly service: string
  /** What stands before the `@` in the names of the nodes, the same for all: `app` makes `app@10.0.0.7` of the address 10.0.0.7. */
  readonly applicationName: string
  /** Time between two look-ups when the cluster is complete, in ms. Default 5000. While it is incomplete, look-ups are more frequent. */
  readonly pollingIntervalMs?: number
  /** Name servers to ask instead of the system's (then no search list applies), or something else that resolves names. */
  readonly resolver?: NameServer | readonly NameServer[] | AddressResolver
  /** 4 asks for A records, 6 for AAAA records. Default both. */
  readonly families?: readonly (4 | 6)[]
  /** How long one DNS query waits for its answer before it is sent again, in ms; the second wait is longer. Default 500. */
  readonly timeoutMs?: number
  /** How often a DNS query is sent to each name server. Default 2. */
  readonly tries?: number
}

const RESOLV_CONF = '/etc/resolv.conf'
const SERVICE_CHARACTERS_MAX = 253

/** The nodes behind a headless Service, by its A and AAAA records: libcluster's `Cluster.Strategy.Kubernetes.DNS`. */
export class KubernetesDns implements PolledStrategy {
  readonly type = 'polled'
  readonly kind = 'KubernetesDns'
  readonly pollingIntervalMs: number
  readonly #service: string
  readonly #applicationName: string
  readonly #families: readonly (4 | 6)[]
  readonly #resolver: AddressResolver
  readonly #usesSystem: boolean
  /** Last answers per family, for when one of the two cannot be had. */
  #last: AddressesByFamily = { 4: [], 6: [] }
  /** The complete name that had records last: asked first, as the search list costs a query per domain. */
  #found: string | undefined

  /** @throws ClusterError `OPTION_INVALID` */
  constructor(init: KubernetesDnsInit) {
    const { service, applicationName, pollingIntervalMs = 5000, families = [4, 6], timeoutMs = 500, tries = 2 } = init
    check(isServiceName(service), 'service', service, "the name of a headless Service, such as 'app'")
    check(
      typeof applicationName === 'string' && isNodeName(`${applicationName}@10.0.0.1`),
      'applicationName',
      applicationName,
      "what stands before the @ of the nodes' names: ASCII letters, digits, _ and -",
    )
    check(
      pollingIntervalMs > 0 && Number.isFinite(pollingIntervalMs),
      'pollingIntervalMs',
      pollingIntervalMs,
      'more than 0',
    )
    check(
      families.length > 0 && families.every((family) => family === 4 || family === 6),
      'families',
      families,
      '[4], [6] or [4, 6]',
    )
    check(Number.isInteger(timeoutMs) && timeoutMs > 0, 'timeoutMs', timeoutMs, 'a whole number, more than 0')
    check(Number.isInteger(tries) && tries > 0, 'tries', tries, 'a whole number, more than 0')
    this.#service = service
    this.#applicationName = applicationName
    this.pollingIntervalMs = pollingIntervalMs
    this.#families = [...new Set(families)]
    this.#usesSystem = init.resolver === undefined
    this.#resolver = resolverOf(init.resolver, timeoutMs, tries)
  }

  async list(query: ListQuery): Promise<readonly string[]> {
    const found = await this.#addresses(query.signal)
    const addresses = addressesOfNodes(found, {
      ownHost: query.self.slice(query.self.indexOf('@') + 1),
      localAddresses: query.localAddresses(),
    })
    return addresses.map((address) => `${this.#applicationName}@${address}`)
  }

  async #addresses(signal: AbortSignal): Promise<AddressesByFamily> {
    const names = candidates(this.#service, this.#usesSystem ? await systemSearchRules() : noSearch)
    if (this.#found !== undefined && names.includes(this.#found)) names.unshift(this.#found)
    let failure: unknown
    for (const name of new Set(names)) {
      const answers = await Promise.allSettled(
        this.#families.map((family) => this.#resolver.resolve(name, family, signal)),
      )
      signal.throwIfAborted()
      const found = this.#combine(answers)
      if (found[4].length + found[6].length > 0) {
        this.#found = name
        this.#last = found
        return found
      }
      failure ??= answers.find((answer) => answer.status === 'rejected')?.reason
      // Name servers that are silent for one name are so for all; asking on would only take longer.
      if (codeOf(failure) === 'LOOKUP_TIMEOUT') break
    }
    // "No records" counts only when every question was answered so.
    if (failure !== undefined) throw failure
    this.#last = { 4: [], 6: [] }
    return this.#last
  }

  #combine(answers: readonly PromiseSettledResult<readonly string[]>[]): AddressesByFamily {
    const found: { 4: readonly string[]; 6: readonly string[] } = { 4: [], 6: [] }
    for (const [index, family] of this.#families.entries()) {
      const answer = answers[index]
      if (answer?.status === 'fulfilled') found[family] = answer.value
    }
    if (found[4].length + found[6].length === 0) return found
    // One family has records and the other had no answer: its nodes are not gone for that.
    for (const [index, family] of this.#families.entries()) {
      if (answers[index]?.status === 'rejected') found[family] = this.#last[family]
    }
    return found
  }
}

async function systemSearchRules(): Promise<SearchRules> {
  try {
    return parseSearchRules(await readFile(RESOLV_CONF, 'utf8'))
  } catch {
    return noSearch
  }
}

function resolverOf(resolver: KubernetesDnsInit['resolver'], timeoutMs: number, tries: number): AddressResolver {
  if (resolver !== undefined && 'resolve' in resolver) return resolver
  const servers = resolver === undefined ? [] : [resolver].flat()
  for (const server of servers) {
    const port = server.port ?? 53
    const valid = isIP(server.address) !== 0 && Number.isInteger(port) && port > 0 && port < 65_536
    check(valid, 'resolver', server, 'an IP address and a port, such as { address: "10.96.0.10", port: 53 }')
  }
  return new DnsResolver({ servers, timeoutMs, tries })
}

function isServiceName(service: unknown): boolean {
  return (
    typeof service === 'string' &&
    service.length <= SERVICE_CHARACTERS_MAX &&
    /^[^\s@/:.]+(\.[^\s@/:.]+)*\.?$/.test(service)
  )
}

function check(valid: boolean, option: string, value: unknown, allowed: string): void {
  if (valid) return
  throw new ClusterError(
    'OPTION_INVALID',
    `KubernetesDns: ${option} is ${JSON.stringify(value)}; it must be ${allowed}.`,
  )
}
