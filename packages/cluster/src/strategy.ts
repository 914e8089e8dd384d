import type { Logger } from '@tiebeam/distribution'

/** What a strategy learns about the node it works for. */
export interface StrategyContext {
  /** Own node name, `base@host`. */
  readonly self: string
  /** Addresses of this machine's interfaces that are not loopback, in canonical form; asked anew at each call. */
  localAddresses(): readonly string[]
  readonly logger: Logger
}

export interface ListQuery extends StrategyContext {
  /** Aborts when the cluster stops or when the look-up takes longer than `lookupMs`. */
  readonly signal: AbortSignal
}

/** A strategy that is asked. The cluster decides when: at once at start and after a loss, fast while incomplete, else slowly. */
export interface PolledStrategy {
  readonly type: 'polled'
  /** Name of the strategy, for logs and for `status()`. */
  readonly kind: string
  /** Time between two look-ups when the cluster is complete, in ms. */
  readonly pollingIntervalMs: number
  /**
   * All node names there are now; own name may be among them. An empty answer is an answer. Throws when there is none: the
   * cluster then keeps the last list, and asks again.
   */
  list(query: ListQuery): Promise<readonly string[]>
}

/** Where a strategy of its own tempo puts what it finds. */
export interface ListingSink {
  /** All node names there are now. Replaces what was listed before. */
  listed(names: readonly string[]): void
  /** Says that nothing is known at the moment. The last list stays. */
  failed(error: unknown): void
}

export interface Subscription {
  /** A peer was lost: look again at once, if looking is something that this strategy does. */
  refresh?(): void
  stop(): void | Promise<void>
}

/** A strategy that tells: a static list, a watch on the Kubernetes API, heartbeats of a gossip. */
export interface PushedStrategy {
  readonly type: 'pushed'
  readonly kind: string
  /** Called once, when the cluster starts. Whatever the strategy starts, `stop()` ends. */
  watch(context: StrategyContext, sink: ListingSink): Subscription
}

/** A source of node names. A strategy never connects anything itself: it lists, and the cluster decides whom to dial, and when. */
export type Strategy = PolledStrategy | PushedStrategy
