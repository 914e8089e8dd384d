import type { GenClient, Pid } from '@tiebeam/distribution'
import type { LockerMessage } from './locker.ts'
import type { Cast, LockId, NameOperation, NameRecord } from './vocabulary.ts'

/** Who asked: a process, by a gen call; or this node's own program, by a number of its choice. */
export type Asker = GenClient | number

/** What happens to the server of one node. */
export type GlobalEvent =
  /** Something was sent to its registered name. */
  | { readonly type: 'message'; readonly term: unknown }
  /** A connection to a visible node came up; nothing from there has been told yet. */
  | { readonly type: 'nodeUp'; readonly node: string }
  /** It ended; all that came over it, and the `down` of all that was monitored there, has been told. */
  | { readonly type: 'nodeDown'; readonly node: string }
  /** The end of what was monitored under this number. */
  | { readonly type: 'down'; readonly monitor: number }
  /** There is a connection to a node that was to be joined. */
  | { readonly type: 'joined'; readonly node: string }
  /** No connection could be made to a node that was to be joined (`join`), or is only waited for (`connect`). */
  | { readonly type: 'unreachable'; readonly node: string; readonly wanted: 'join' | 'connect' }
  /** The own locker holds the lock on both sides. */
  | { readonly type: 'lockIsSet'; readonly node: string; readonly ourTag: number; readonly lock: LockId }
  /** The names of a node have been compared with ours: what is to change here, and what there. */
  | {
      readonly type: 'compared'
      readonly node: string
      readonly ourTag: number
      readonly here: readonly NameOperation[]
      readonly there: readonly NameOperation[]
    }
  | { readonly type: 'sync'; readonly nodes: readonly string[]; readonly asker: Asker }
  /** The asker waits no longer. */
  | { readonly type: 'syncAbandoned'; readonly asker: number }
  /** All connections to visible nodes are to be closed, without anybody being told that they are lost. */
  | { readonly type: 'disconnect'; readonly asker: number }
  /** From here on the end of a connection is nobody's business. */
  | { readonly type: 'leaving' }

/** What is to be done, in this order. */
export type GlobalEffect =
  /** To the server of another node, with a connection made if there is none. */
  | ({ readonly type: 'cast' } & Cast)
  /** The same, but only if there is a connection. */
  | ({ readonly type: 'tell' } & Cast)
  | { readonly type: 'answer'; readonly asker: Asker; readonly answer: unknown }
  | { readonly type: 'tellLocker'; readonly message: LockerMessage }
  | { readonly type: 'monitor'; readonly monitor: number; readonly pid: Pid }
  | { readonly type: 'demonitor'; readonly monitor: number }
  /** Compare these names with ours, then report `compared`; unless `stopComparing` comes first. */
  | {
      readonly type: 'compare'
      readonly node: string
      readonly ourTag: number
      readonly names: readonly NameRecord[]
    }
  | { readonly type: 'stopComparing'; readonly node: string; readonly ourTag: number }
  /** Connect to the node, then report `joined`, or `unreachable`. */
  | { readonly type: 'join'; readonly node: string }
  /** Connect to the node, or report `unreachable`. */
  | { readonly type: 'connect'; readonly node: string }
  | { readonly type: 'disconnect'; readonly node: string }
  | {
      readonly type: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly about: object
      readonly text: string
    }

export type Emit = (effect: GlobalEffect) => void
