import type { ClusterStatus } from '@tiebeam/cluster'
import type { NodeStats } from '@tiebeam/distribution'
import type { ChildCounts } from '@tiebeam/otp'

export type AppState = 'starting' | 'ready' | 'leaving' | 'stopped'

/** What `app.status()` gives, and the exposed function `tiebeam:status/0`: plain data, as it was at that moment. */
export interface AppStatus {
  readonly name: string
  readonly state: AppState
  /** What keeps the app from being ready; empty when it is. */
  readonly waitsFor: readonly string[]
  readonly versions: { readonly node: string; readonly tiebeam: string; readonly app: string | undefined }
  readonly since: Date
  readonly node: NodeStats
  readonly cluster: ClusterStatus
  /** Links lost and made again since the start. */
  readonly reconnects: number
  readonly supervisor: ChildCounts | undefined
  /** How late the event loop was, since the start. */
  readonly eventLoopDelayMs: { readonly mean: number; readonly p99: number; readonly max: number }
  readonly memory: { readonly residentBytes: number; readonly heapUsedBytes: number }
  /** What parts of the app add, by name, such as the state of its tables. */
  readonly parts: Readonly<Record<string, unknown>>
}

/** What is known at once. */
export type AppFigures = Omit<AppStatus, 'supervisor'>
