import type { View } from './member.ts'
import type { Entry } from './replica/entry.ts'
import type { Outcome } from './replica/event.ts'
import type { Read } from './store/read.ts'
import type { Store } from './store/store.ts'
import type { Write } from './store/write.ts'

/**
 * What the typed tables need of whatever replicates them. They read `copy`, synchronously; everything that must be agreed on goes through
 * a call. Nothing here rejects: a call ends in an outcome.
 */
export interface Engine {
  /** What is held here now: another object after it was replaced by a snapshot; undefined before the first whole copy. */
  readonly copy: EngineCopy | undefined
  readonly status: EngineStatus
  /** The name of this node, as it is in views. */
  readonly node: string
  /** Begins a transaction; all its attempts together take place at most once (rule 9). */
  begin(): EngineTransaction
  /** Ends when all that was committed before the call, anywhere, is applied here (rule 10). */
  sync(): Promise<Outcome>
  /** For a transaction that writes nothing: as `sync`, and whether what was read still holds. */
  validate(attempt: Omit<Attempt, 'writes'>): Promise<Outcome>
  /** Ends when the function that is returned is called. */
  subscribe(listener: EngineListener): () => void
}

export interface EngineCopy {
  readonly identity: string
  /** Index of the last entry that is applied. */
  readonly applied: number
  readonly store: Store
}

export interface Attempt {
  /** `applied` of the copy when it was read. */
  readonly snapshot: number
  readonly reads: readonly Read[]
  readonly writes: readonly Write[]
}

export interface EngineTransaction {
  /** After the outcome `conflict`, `copy` can be read anew for the next attempt. */
  attempt(attempt: Attempt): Promise<Outcome>
  /** There will be no further attempt after a conflict. */
  abandon(): void
}

/** Called in order, synchronously, when the copy shows what happened. */
export interface EngineListener {
  applied(entries: readonly Entry[]): void
  /** The copy was replaced: by a snapshot of the same cluster, or by that of another (a reset; all before is gone). */
  restored(identity: string): void
  statusChanged(): void
}

export interface EngineStatus {
  readonly role: 'primary' | 'member' | 'joining' | 'none'
  /** Whether the primary was not heard for a while: reads may trail, writes are refused. */
  readonly cutOff: boolean
  readonly view: View | undefined
}
