/** What replicas serve and call. */
export const GROUP = 'workers'

export interface ReplicaInit {
  readonly name: string
  readonly service: string
  readonly nameServer: string
  /** Whether it is a member of the group, or only calls it. */
  readonly serves: boolean
}

export type CallResult = 'answer' | 'outcomeUnknown'

export type ReplicaLine =
  | { readonly type: 'started' }
  /** A call that ended as it must not. */
  | { readonly type: 'wrong'; readonly what: string }
  | {
      readonly type: 'status'
      readonly connected: readonly string[]
      /** Nodes of the members of the group. */
      readonly members: readonly string[]
      readonly listed: readonly string[]
      readonly missing: readonly string[]
      /** Attempts to connect that are under way. */
      readonly connecting: readonly string[]
      readonly results: Readonly<Record<CallResult, number>>
    }
  | {
      readonly type: 'left'
      readonly outcomes: readonly string[]
      readonly results: Readonly<Record<CallResult, number>>
    }
