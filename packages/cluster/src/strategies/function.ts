import type { ListingSink, ListQuery, PolledStrategy, PushedStrategy, StrategyContext } from '../strategy.ts'
import { OptionChecks } from './options.ts'

export interface FromFunctionInit {
  /** Name of the strategy in logs and in `status()`. Default `Function`. */
  readonly kind?: string
  /** Time between two look-ups when the cluster is complete, in ms. Default 5000. While it is incomplete, look-ups are more frequent. */
  readonly pollingIntervalMs?: number
}

export interface FromSubscriptionInit {
  /** Name of the strategy in logs and in `status()`. Default `Subscription`. */
  readonly kind?: string
}

/**
 * A strategy out of a function that gives all node names there are now. What it throws means "no answer": the last list stays.
 * @throws ClusterError `OPTION_INVALID`
 */
export function fromFunction(
  list: (query: ListQuery) => readonly string[] | Promise<readonly string[]>,
  init: FromFunctionInit = {},
): PolledStrategy {
  const { kind = 'Function', pollingIntervalMs = 5000 } = init
  const checks = new OptionChecks('fromFunction')
  checks.that(typeof list === 'function', 'list', typeof list, 'a function')
  checks.that(isName(kind), 'kind', kind, 'a name')
  checks.wait('pollingIntervalMs', pollingIntervalMs)
  return {
    type: 'polled',
    kind,
    pollingIntervalMs,
    list: async (query) => {
      query.signal.throwIfAborted()
      return list(query)
    },
  }
}

/**
 * A strategy out of a function that subscribes to a source of its own tempo, and gives what ends the subscription.
 * @throws ClusterError `OPTION_INVALID`
 */
export function fromSubscription(
  subscribe: (sink: ListingSink, context: StrategyContext) => () => void | Promise<void>,
  init: FromSubscriptionInit = {},
): PushedStrategy {
  const { kind = 'Subscription' } = init
  const checks = new OptionChecks('fromSubscription')
  checks.that(typeof subscribe === 'function', 'subscribe', typeof subscribe, 'a function')
  checks.that(isName(kind), 'kind', kind, 'a name')
  return { type: 'pushed', kind, watch: (context, sink) => ({ stop: subscribe(sink, context) }) }
}

function isName(kind: unknown): boolean {
  return typeof kind === 'string' && kind !== ''
}
