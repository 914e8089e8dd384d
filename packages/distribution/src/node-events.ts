import type { DistributionError } from './errors.ts'
import type { Down, Exit } from './process/notices.ts'

export interface NodeUp {
  readonly name: string
  /** Whether `nodes()` leaves it out. */
  readonly hidden: boolean
  /** Whether both nodes are visible ones in OTP's sense, and so expect `global` of each other. */
  readonly published: boolean
}

export interface NodeDown {
  readonly name: string
  readonly hidden: boolean
  readonly published: boolean
  /** Why; its `code` is `DISCONNECTED` or `NODE_STOPPED` when it was this side that ended the connection. */
  readonly reason: DistributionError
}

export interface NodeEvents {
  nodeup: [event: NodeUp]
  nodedown: [event: NodeDown]
  /** A monitor of the node itself (`node.monitor`) fired. */
  down: [event: Down]
  /** An exit signal reached the node itself, mostly because a process ended to which it was linked (`node.link`). */
  exit: [event: Exit]
}

export type NodesKind = 'visible' | 'hidden' | 'connected' | 'tiebeam'

export function isOfKind(
  { hidden, tiebeam }: { readonly hidden: boolean; readonly tiebeam: boolean },
  kind: NodesKind,
): boolean {
  switch (kind) {
    case 'visible':
      return !hidden
    case 'hidden':
      return hidden
    case 'connected':
      return true
    case 'tiebeam':
      return tiebeam
  }
}
