import type { Uid } from '../member.ts'
import type { Write } from '../store/write.ts'

/** One place of the log. There is one log for all tables, so that a transaction may span them. */
export interface Entry {
  /** Of the view whose primary appended it. With the index it names the entry: a primary appends at an index once. */
  readonly epoch: number
  /** From 1. */
  readonly index: number
  readonly body: EntryBody
}

export type EntryBody =
  /** The first entry of every view. Committed, it proves that no member holds a tail of an older epoch any longer. */
  | { readonly type: 'view'; readonly uids: readonly Uid[] }
  | { readonly type: 'transaction'; readonly origin: Origin; readonly writes: readonly Write[] }
  /** Rows whose time is over. */
  | { readonly type: 'expiry'; readonly writes: readonly Write[] }
  /** Writers that left long ago: their outcomes go. */
  | { readonly type: 'forget'; readonly uids: readonly Uid[] }

/** Which transaction of which writer: the same for all its attempts (rule 9, once). */
export interface Origin {
  readonly uid: Uid
  /** Counts the transactions of the writer, from 1. */
  readonly sequence: number
  /** The writer knows the outcomes of all its transactions up to here, and will not ask for them again. */
  readonly settled: number
}

/** What a process applied last. */
export interface Position {
  readonly index: number
  readonly epoch: number
}

export function writesOf(entry: Entry): readonly Write[] {
  const { body } = entry
  return body.type === 'transaction' || body.type === 'expiry' ? body.writes : []
}
