import { codeOf, messageOf } from './errors.ts'
import type { TopologyView } from './formation/formation.ts'

export interface FailureStatus {
  readonly code: string
  readonly message: string
}

export interface MissingPeerStatus {
  readonly name: string
  /** Whether it is there but will not have us (another cookie, another name); such a peer is tried slowly. */
  readonly refused: boolean
  /** Why the last attempt failed; undefined before the first has ended. */
  readonly failure: FailureStatus | undefined
}

export interface TopologyStatus {
  readonly strategy: string
  /** Names that the strategy found last, without our own. */
  readonly listed: readonly string[]
  /** Those of them with a live link. */
  readonly connected: readonly string[]
  readonly missing: readonly MissingPeerStatus[]
  /** Whether a look-up is under way. */
  readonly lookingUp: boolean
  /** Time until the next look-up, in ms; undefined while one is under way, and for a strategy that pushes. */
  readonly nextLookupInMs: number | undefined
  /** Why the last look-up failed; undefined when it did not. */
  readonly lastFailure: FailureStatus | undefined
  /** Look-ups that failed since the start. */
  readonly lookupFailures: number
}

/** Plain data, as it was when `status()` was called. */
export interface ClusterStatus {
  /** Whether every listed peer, in every topology, has a live link. True also when none is listed. */
  readonly complete: boolean
  readonly topologies: Readonly<Record<string, TopologyStatus>>
}

export function statusOf(
  views: readonly (readonly [name: string, strategy: string, view: TopologyView, lookupFailures: number])[],
  nowMs: number,
): ClusterStatus {
  const topologies = Object.fromEntries(
    views.map(([name, kind, view, lookupFailures]) => [name, { ...topologyStatus(kind, view, nowMs), lookupFailures }]),
  )
  return { complete: views.every(([, , { missing }]) => missing.length === 0), topologies }
}

function topologyStatus(strategy: string, view: TopologyView, nowMs: number): Omit<TopologyStatus, 'lookupFailures'> {
  return {
    strategy,
    listed: view.listed,
    connected: view.connected,
    missing: view.missing.map(({ name, refused, error }) => ({ name, refused, failure: failureStatus(error) })),
    lookingUp: view.lookingUp,
    nextLookupInMs: view.nextLookupMs === undefined ? undefined : Math.max(0, Math.round(view.nextLookupMs - nowMs)),
    lastFailure: failureStatus(view.error),
  }
}

function failureStatus(error: unknown): FailureStatus | undefined {
  return error === undefined ? undefined : { code: codeOf(error), message: messageOf(error) }
}
