import type { AddressResolver, NameServer } from '../../dns/resolver.ts'
import type { ListQuery, PolledStrategy } from '../../strategy.ts'
import { OptionChecks } from '../options.ts'
import { AddressNames } from './address-names.ts'

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

/** The nodes behind a headless Service, by its A and AAAA records: libcluster's `Cluster.Strategy.Kubernetes.DNS`. */
export class KubernetesDns implements PolledStrategy {
  readonly type = 'polled'
  readonly kind = 'KubernetesDns'
  readonly pollingIntervalMs: number
  readonly #names: AddressNames

  /** @throws ClusterError `OPTION_INVALID` */
  constructor(init: KubernetesDnsInit) {
    const { service, applicationName, pollingIntervalMs = 5000, resolver, families, timeoutMs, tries } = init
    const checks = new OptionChecks(this.kind)
    checks.domain('service', service, "the name of a headless Service, such as 'app'")
    checks.basename('applicationName', applicationName)
    checks.wait('pollingIntervalMs', pollingIntervalMs)
    this.pollingIntervalMs = pollingIntervalMs
    this.#names = new AddressNames(
      { query: service, basename: applicationName, resolver, families, timeoutMs, tries },
      checks,
    )
  }

  list(query: ListQuery): Promise<readonly string[]> {
    return this.#names.list(query)
  }
}
