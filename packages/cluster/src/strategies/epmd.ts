import { isNodeName } from '@tiebeam/distribution'
import { ClusterError } from '../errors.ts'
import type { ListingSink, PushedStrategy, StrategyContext, Subscription } from '../strategy.ts'

export interface EpmdInit {
  /** Node names, `base@host`. The own name may be among them, so that all nodes share one list. */
  readonly hosts: readonly string[]
}

/**
 * A static list of nodes, libcluster's `Cluster.Strategy.Epmd`. Its `timeout` has no counterpart: whoever is missing is dialled
 * until it is there.
 */
export class Epmd implements PushedStrategy {
  readonly type = 'pushed'
  readonly kind = 'Epmd'
  readonly #hosts: readonly string[]

  /** @throws ClusterError `OPTION_INVALID` for what is no node name. */
  constructor(init: EpmdInit) {
    if (!Array.isArray(init?.hosts)) {
      throw new ClusterError('OPTION_INVALID', "Epmd: hosts must be a list of node names, such as ['web@10.0.0.7'].")
    }
    for (const host of init.hosts) {
      if (typeof host === 'string' && (isNodeName(host) || isNodeName(host, { shortNames: true }))) continue
      throw new ClusterError(
        'OPTION_INVALID',
        `Epmd: ${JSON.stringify(host)} in hosts is not a node name; it needs the form base@host, such as web@10.0.0.7.`,
      )
    }
    this.#hosts = [...init.hosts]
  }

  watch(_context: StrategyContext, sink: ListingSink): Subscription {
    sink.listed(this.#hosts)
    return { stop: () => {} }
  }
}
