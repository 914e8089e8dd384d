import { setTimeout as sleep } from 'node:timers/promises'
import {
  type EndpointSlice,
  endpointSlices,
  KubernetesClient,
  type KubernetesObject,
  type ObjectMeta,
  type Pod,
  pods,
  type Resource,
} from '@tiebeam/k8s'
import type { ListingSink, PushedStrategy, StrategyContext, Subscription } from '../../strategy.ts'
import { type Member, membersOfPods, membersOfSlices, type NamingRules, nodeNames } from '../kubernetes-members.ts'
import { OptionChecks } from '../options.ts'

export interface KubernetesInit {
  /** What stands before the `@` in the names of the nodes, the same for all. */
  readonly kubernetesNodeBasename: string
  /** Labels of the Service, or of the pods: `app=shop`. */
  readonly kubernetesSelector: string
  /** How a pod becomes a host: by its address, by the name of its address in DNS, or by its host name. Default `ip`. */
  readonly mode?: 'ip' | 'dns' | 'hostname'
  /** Default `endpoints`: the ready addresses of Services with these labels. `pods`: pods with these labels. */
  readonly kubernetesIpLookupMode?: 'endpoints' | 'pods'
  /** The headless Service that gives the pods their host names; for `hostname` only, and needed there. */
  readonly kubernetesServiceName?: string
  /** Default: that of this pod, or of the kubeconfig's context. */
  readonly kubernetesNamespace?: string
  /** The cluster's domain without `.local`. Default `cluster`. */
  readonly kubernetesClusterName?: string
  /** Default: one for the cluster that this pod runs in, or that `kubectl` would speak to. One that is given is not closed. */
  readonly client?: KubernetesClient
}

/** Where members are looked for, and what of it is kept in memory. */
interface Source<T extends KubernetesObject> {
  readonly resource: Resource<T>
  readonly transform: (object: T) => T
  readonly members: (objects: Iterable<T>) => Member[]
}

/** Pause before the configuration is looked for again, in ms. */
const LOAD_RETRY_MS = 5000

/**
 * The pods that the Kubernetes API names: libcluster's `Cluster.Strategy.Kubernetes`. It watches, where that polls, so that a change is
 * known at once and nothing is asked in between; `polling_interval` has no counterpart.
 */
export class Kubernetes implements PushedStrategy {
  readonly type = 'pushed'
  readonly kind = 'Kubernetes'
  readonly #init: KubernetesInit
  readonly #rules: NamingRules

  /** @throws ClusterError `OPTION_INVALID` */
  constructor(init: KubernetesInit) {
    const { kubernetesNodeBasename: basename, kubernetesSelector: selector, mode = 'ip' } = init
    const { kubernetesIpLookupMode: lookup = 'endpoints', kubernetesServiceName: service } = init
    const { kubernetesClusterName: domain = 'cluster' } = init
    const checks = new OptionChecks(this.kind)
    checks.basename('kubernetesNodeBasename', basename)
    const isSelector = typeof selector === 'string' && selector.trim() !== ''
    checks.that(isSelector, 'kubernetesSelector', selector, "labels, such as 'app=shop'")
    checks.that(['ip', 'dns', 'hostname'].includes(mode), 'mode', mode, "'ip', 'dns' or 'hostname'")
    const isLookup = ['endpoints', 'pods'].includes(lookup)
    checks.that(isLookup, 'kubernetesIpLookupMode', lookup, "'endpoints' or 'pods'")
    checks.that(
      mode === 'hostname' ? isLabel(service) : service === undefined || isLabel(service),
      'kubernetesServiceName',
      service,
      "the name of the headless Service, without which mode 'hostname' cannot be",
    )
    const isDomain = typeof domain === 'string' && domain.split('.').every(isLabel)
    checks.that(isDomain, 'kubernetesClusterName', domain, "a domain, such as 'cluster'")
    this.#init = init
    this.#rules = { mode, basename, service, domain: `${domain}.local` }
  }

  watch(context: StrategyContext, sink: ListingSink): Subscription {
    const ending = new AbortController()
    const followed = this.#run(context, sink, ending.signal)
    return {
      stop: () => {
        ending.abort()
        return followed
      },
    }
  }

  async #run(context: StrategyContext, sink: ListingSink, signal: AbortSignal): Promise<void> {
    const { client: given } = this.#init
    const client = given ?? (await load(context, sink, signal))
    if (client === undefined) return
    try {
      if (this.#init.kubernetesIpLookupMode === 'pods') await this.#follow(podSource, client, context, sink, signal)
      else await this.#follow(sliceSource, client, context, sink, signal)
    } catch (error) {
      sink.failed(error)
    } finally {
      if (given === undefined) client.close()
    }
  }

  async #follow<T extends KubernetesObject>(
    { resource, transform, members }: Source<T>,
    client: KubernetesClient,
    { self }: StrategyContext,
    sink: ListingSink,
    signal: AbortSignal,
  ): Promise<void> {
    const ownHost = self.slice(self.indexOf('@') + 1)
    const objects = client.resource(resource, this.#init.kubernetesNamespace)
    const watch = objects.watch({ labelSelector: this.#init.kubernetesSelector, transform, signal })
    let synced = false
    let told: string | undefined
    for await (const event of watch) {
      if (event.type === 'failing') {
        sink.failed(event.error)
        told = undefined
        continue
      }
      synced ||= event.type === 'synced'
      // Half of the first list would look like a cluster that has lost its other half; and pods change often, their names seldom.
      if (!synced) continue
      const names = nodeNames(members(watch.objects.values()), this.#rules, ownHost)
      const text = names.join()
      if (text === told) continue
      told = text
      sink.listed(names)
    }
  }
}

async function load(
  { logger }: StrategyContext,
  sink: ListingSink,
  signal: AbortSignal,
): Promise<KubernetesClient | undefined> {
  while (!signal.aborted) {
    try {
      return await KubernetesClient.load({ logger })
    } catch (error) {
      sink.failed(error)
      await sleep(LOAD_RETRY_MS, undefined, { signal, ref: false }).catch(() => {})
    }
  }
  return undefined
}

const sliceSource: Source<EndpointSlice> = {
  resource: endpointSlices,
  transform: ({ metadata, addressType, endpoints }) => ({ metadata: identity(metadata), addressType, endpoints }),
  members: membersOfSlices,
}

const podSource: Source<Pod> = {
  resource: pods,
  transform: ({ metadata, spec, status }) => ({
    metadata: identity(metadata),
    spec: { containers: [], hostname: spec?.hostname },
    status: { phase: status?.phase, podIP: status?.podIP, podIPs: status?.podIPs },
  }),
  members: membersOfPods,
}

function identity({ name, namespace, uid, resourceVersion }: ObjectMeta = {}): ObjectMeta {
  return { name, namespace, uid, resourceVersion }
}

function isLabel(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)
}
