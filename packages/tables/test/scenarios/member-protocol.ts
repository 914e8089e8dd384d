import type { NodeEngineStatus } from '@tiebeam/tables'
import type { AuthorityAccess } from './authority/protocol.ts'

export const COOKIE = 'tables'
export const PORT = 4400

export interface MemberInit {
  readonly name: string
  /** Names of all that may be there; those that are not connected are dialled again and again. */
  readonly nodes: readonly string[]
  readonly authority: AuthorityAccess
  /** In which it is to think that it runs, where there are pods. */
  readonly pod: string
  readonly seed: number
  readonly clients: number
}

export interface PrintedStep {
  readonly key: string
  readonly append: number | undefined
  readonly read?: readonly number[]
}

/** Times by `process.hrtime`, which all processes of a machine share; in nanoseconds, as text. */
export type MemberLine =
  | { readonly type: 'opened' }
  | {
      readonly type: 'invoked'
      readonly id: string
      readonly client: string
      readonly atNs: string
      readonly steps: readonly PrintedStep[]
    }
  | {
      readonly type: 'returned'
      readonly id: string
      readonly atNs: string
      readonly outcome: 'ok' | 'failed' | 'unknown'
      readonly error?: string
      readonly steps: readonly PrintedStep[]
    }
  | { readonly type: 'log'; readonly level: string; readonly message: string }
  | { readonly type: 'status'; readonly status: NodeEngineStatus }
  | { readonly type: 'lists'; readonly lists: readonly (readonly [key: string, values: readonly number[]])[] }
  | { readonly type: 'quiet' | 'reset' }
  | { readonly type: 'violation'; readonly what: string }
