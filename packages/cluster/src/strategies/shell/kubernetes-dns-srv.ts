import type { NameServer, ServiceResolver } from '../../dns/resolver.ts'
import { DnsResolver } from '../../dns/shell/dns-resolver.ts'
import type { ListQuery, PolledStrategy } from '../../strategy.ts'
import { OptionChecks } from '../options.ts'
import { nodesOfHosts } from '../service-hosts.ts'

export interface KubernetesDnsSrvInit {
  /** Name of the headless Service of the StatefulSet, without its namespace. */
  readonly service: string
  /** The namespace of the Service. */
  readonly namespace: string
  /** What stands before the `@` in the names of the nodes, the same for all: `app` makes `app@app-0.service.namespace.svc.cluster.local`. */
  readonly applicationName: string
  /** The cluster's domain. Default `cluster.local`. */
  readonly clusterDomain?: string
  /** Time between two look-ups when the cluster is complete, in ms. Default 5000. While it is incomplete, look-ups are more frequent. */
  readonly pollingIntervalMs?: number
  /** Name servers to ask instead of the system's, or something else that knows SRV records. */
  readonly resolver?: NameServer | readonly NameServer[] | ServiceResolver
  /** How long one DNS query waits for its answer before it is sent again, in ms; the second wait is longer. Default 500. */
  readonly timeoutMs?: number
  /** How often a DNS query is sent to each name server. Default 2. */
  readonly tries?: number
}

/** The pods of a StatefulSet by their host names, which SRV records list: libcluster's `Cluster.Strategy.Kubernetes.DNSSRV`. */
export class KubernetesDnsSrv implements PolledStrategy {
  readonly type = 'polled'
  readonly kind = 'KubernetesDnsSrv'
  readonly pollingIntervalMs: number
  readonly #name: string
  readonly #applicationName: string
  readonly #resolver: ServiceResolver

  /** @throws ClusterError `OPTION_INVALID` */
  constructor(init: KubernetesDnsSrvInit) {
    const { service, namespace, applicationName, clusterDomain = 'cluster.local', resolver } = init
    const { pollingIntervalMs = 5000, timeoutMs = 500, tries = 2 } = init
    const checks = new OptionChecks(this.kind)
    checks.domain('service', service, "the name of a headless Service, such as 'app'")
    checks.domain('namespace', namespace, "the namespace of the Service, such as 'default'")
    checks.domain('clusterDomain', clusterDomain, "a domain, such as 'cluster.local'")
    checks.basename('applicationName', applicationName)
    checks.wait('pollingIntervalMs', pollingIntervalMs)
    checks.count('timeoutMs', timeoutMs)
    checks.count('tries', tries)
    this.pollingIntervalMs = pollingIntervalMs
    this.#name = `${service}.${namespace}.svc.${clusterDomain.replace(/\.$/, '')}`
    this.#applicationName = applicationName
    if (resolver !== undefined && 'resolveService' in resolver) {
      this.#resolver = resolver
      return
    }
    const servers = resolver === undefined ? [] : [resolver].flat()
    checks.nameServers('resolver', servers)
    this.#resolver = new DnsResolver({ servers, timeoutMs, tries })
  }

  async list({ signal }: ListQuery): Promise<readonly string[]> {
    return nodesOfHosts(await this.#resolver.resolveService(this.#name, signal), this.#applicationName)
  }
}
