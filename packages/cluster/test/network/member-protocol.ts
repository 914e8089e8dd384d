import type { ClusterStatus } from '../../src/index.ts'

export interface MemberInit {
  readonly name: string
  readonly cookie: string
  readonly netTickTimeMs: number
  readonly service: string
  readonly applicationName: string
  readonly nameServer: string
}

export type MemberLine =
  | { readonly type: 'started'; readonly atMs: number }
  | { readonly type: 'nodeup' | 'nodedown'; readonly peer: string; readonly atMs: number }
  | { readonly type: 'log'; readonly level: string; readonly message: string }
  | { readonly type: 'status'; readonly status: ClusterStatus; readonly nodes: readonly string[] }
