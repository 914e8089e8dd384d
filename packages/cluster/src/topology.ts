import type { Strategy } from './strategy.ts'

/**
 * A strategy, and what is done with the names that it lists where that is not the node's own affair: libcluster's `connect`, `disconnect` and
 * `list_nodes`. For peers behind another transport, to refuse some of them, or to be told.
 */
export interface Topology {
  readonly strategy: Strategy
  /**
   * Connects a node instead of `node.connect`. `false` and `'ignored'` say that it is not connected, as in libcluster; so does what is thrown. The cluster
   * then tries again, with growing pauses. The signal aborts when the name is no longer listed, when the cluster stops, and after `hookMs`.
   */
  connect?(name: string, options: { readonly signal: AbortSignal; readonly redialMs: number }): unknown
  /** Disconnects a node instead of `node.disconnect`, when discovery no longer lists it (`disconnectUnlisted`). */
  disconnect?(name: string): unknown
  /**
   * The nodes that are connected, instead of `node.nodes('connected')` and its events. It is asked whenever the strategy lists, after a connect, and
   * every `searchMsMax`. When it throws, what it said last stays.
   */
  listNodes?(): readonly string[] | PromiseLike<readonly string[]>
}

export function isStrategy(value: unknown): value is Strategy {
  const strategy = value as Partial<Strategy> | null | undefined
  if (strategy?.type === 'polled') {
    return typeof strategy.list === 'function' && (strategy.pollingIntervalMs as number) > 0
  }
  return strategy?.type === 'pushed' && typeof strategy.watch === 'function'
}
