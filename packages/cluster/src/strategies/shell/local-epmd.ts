import { listNodes } from '@tiebeam/distribution'
import { addressFamily } from '../../address.ts'
import type { ListQuery, PolledStrategy } from '../../strategy.ts'
import { OptionChecks } from '../options.ts'

export interface LocalEpmdInit {
  /** Port of this host's EPMD. Default 4369. */
  readonly epmdPort?: number
  /** Time between two look-ups when the cluster is complete, in ms. Default 5000. While it is incomplete, look-ups are more frequent. */
  readonly pollingIntervalMs?: number
  /** How long EPMD may take to answer, in ms. Default 1000. */
  readonly timeoutMs?: number
}

/**
 * All nodes that are registered in the EPMD of this host: libcluster's `Cluster.Strategy.LocalEpmd`. EPMD knows no hosts, so each name
 * gets our own.
 */
export class LocalEpmd implements PolledStrategy {
  readonly type = 'polled'
  readonly kind = 'LocalEpmd'
  readonly pollingIntervalMs: number
  readonly #port: number | undefined
  readonly #timeoutMs: number

  /** @throws ClusterError `OPTION_INVALID` */
  constructor(init: LocalEpmdInit = {}) {
    const { epmdPort, pollingIntervalMs = 5000, timeoutMs = 1000 } = init
    const checks = new OptionChecks(this.kind)
    if (epmdPort !== undefined) checks.count('epmdPort', epmdPort, 65_535)
    checks.wait('pollingIntervalMs', pollingIntervalMs)
    checks.wait('timeoutMs', timeoutMs)
    this.#port = epmdPort
    this.pollingIntervalMs = pollingIntervalMs
    this.#timeoutMs = timeoutMs
  }

  async list({ self, signal }: ListQuery): Promise<readonly string[]> {
    signal.throwIfAborted()
    const host = self.slice(self.indexOf('@') + 1)
    // Where erl looks for the EPMD of its host.
    const address = addressFamily(host) === 6 ? '::1' : '127.0.0.1'
    const nodes = await listNodes({ address, port: this.#port, timeoutMs: this.#timeoutMs, signal })
    return nodes.map(({ name }) => `${name}@${host}`)
  }
}
