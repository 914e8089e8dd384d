/** What a Tiebeam node of the scenarios is told at its start. */
export interface TiebeamInit {
  readonly name: string
  readonly cookie: string
  readonly netTickTimeMs: number
  readonly service: string
  readonly nameServer: string
  /** With global names it is a visible node to Elixir nodes, without a hidden one. */
  readonly globalNames: boolean
}

/** A line on its standard input. */
export type TiebeamQuestion = 'counts' | 'names'

/** A line on its standard output. */
export type TiebeamLine =
  | { readonly type: 'up' | 'down'; readonly peer: string; readonly atMs: number }
  | { readonly type: 'listening'; readonly atMs: number }
  | { readonly type: 'log'; readonly message: string }
  | { readonly type: 'counts'; readonly counts: Counts }
  | { readonly type: 'names'; readonly names: readonly string[] }

/** What a node holds. Of two whole meshes of the same size all but `heapBytes` must be the same. */
export interface Counts {
  /** Open files by what they are: sockets, pipes, … */
  readonly files: Readonly<Record<string, number>>
  /** `process.getActiveResourcesInfo()`: sockets, timers, listening ports, … */
  readonly resources: Readonly<Record<string, number>>
  readonly links: number
  readonly attempts: number
  readonly unauthenticated: number
  readonly processes: number
  readonly registeredNames: number
  readonly monitors: number
  readonly listeners: number
  /** With which `global` shares names; 0 without it. */
  readonly sharing: number
  readonly locks: number
  /** After a garbage collection. */
  readonly heapBytes: number
}
