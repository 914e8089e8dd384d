import type { Pid } from '@tiebeam/distribution'
import type { ExternalName, KnownNode, LockId, NameOperation, NameRecord } from './vocabulary.ts'

interface TheirConnect {
  readonly node: string
  readonly version: number
  readonly theirTag: unknown
  readonly locker: Pid
}

export interface TheirResolution {
  readonly operations: readonly NameOperation[]
  readonly known: readonly KnownNode[]
  readonly external: readonly ExternalName[]
}

/**
 * How far the synchronisation with one node has come. Messages of the two sides cross, so each of them may be first: what is early waits
 * here. Tags tell an attempt from those before it.
 */
export interface SyncSession {
  /** Of this attempt; undefined when we have none. */
  ourTag?: number
  theirTag?: unknown
  /** The lower of both versions. */
  version?: number
  /** They begin an attempt, and we have none: we know them already, or have just given one up. */
  earlyConnect?: TheirConnect
  /** The lock that both lockers hold. */
  lock?: LockId
  /** Nodes that it has lost since, which are no longer of its partition, whatever it told before. */
  lost?: Set<string>
  /** Our side is locked, and their names have not come. */
  lockIsSet?: boolean
  /** Their names, which came before our side was locked. */
  earlyNames?: readonly NameRecord[]
  /** What is to change here, once they tell what they found. */
  operations?: readonly NameOperation[]
  /** What they found, before we had compared. */
  earlyResolution?: TheirResolution
}
