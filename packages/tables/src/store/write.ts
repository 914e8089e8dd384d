import type { Key } from './key.ts'

export type Row = Readonly<Record<string, unknown>>

/**
 * A change of one table. Whole rows only, so that a write means the same on whatever it meets: a snapshot may be copied while
 * writes go on, and be put right by applying again what happened meanwhile.
 */
export type Write =
  | {
      readonly type: 'put'
      readonly table: string
      readonly key: Key
      readonly row: Row
      /** The row expires this long after, unless it is written again. */
      readonly ttlMs?: number
    }
  | { readonly type: 'delete'; readonly table: string; readonly key: Key }
  | { readonly type: 'clear'; readonly table: string }
