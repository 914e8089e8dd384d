import type { Member, Uid, View } from '../member.ts'
import type { Read } from '../store/read.ts'
import type { SnapshotRow } from '../store/store.ts'
import type { Write } from '../store/write.ts'
import type { Entry, Position } from './entry.ts'
import type { WriterRecord } from './outcomes.ts'

/** On every message. One of another identity, or to another incarnation, is dropped. */
export interface Envelope {
  /** Undefined only in a request to join of a process that knows no cluster yet. */
  readonly identity: string | undefined
  /** In which it was sent; of an answer, that of the question. One of an older epoch is dropped, not counted. */
  readonly epoch: number
  readonly from: Member
  /** Undefined only in a request to join. */
  readonly to: Uid
}

export type Message = Envelope & MessageBody

export type MessageBody =
  | Append
  | Chunk
  | Refuse
  | ToPrimary
  /** After applying `index`, the caller sees all that was committed before its call. */
  | { readonly type: 'fenced'; readonly call: number; readonly index: number }
  | Tell
  /** Whether the receiver still hears the primary. */
  | { readonly type: 'inquire' }
  | { readonly type: 'inquired'; readonly hears: boolean }
  /** From a primary that cannot reach the authority. `uids` are those that the next view should have. */
  | { readonly type: 'takeOver'; readonly uids: readonly Uid[] }

/** A view that the authority has confirmed. */
export interface Tell {
  readonly type: 'view'
  readonly view: View
}

/** What only a primary acts on. */
export type ToPrimary =
  | Acknowledge
  | Mismatch
  | Propose
  /** Asks the primary for a fence (rule 10). */
  | { readonly type: 'fence'; readonly call: number }
  /** What the process holds already: the primary sends only what is missing, if it has it. */
  | { readonly type: 'join'; readonly holds: { readonly identity: string; readonly position: Position } | undefined }
  | { readonly type: 'chunkTaken'; readonly admission: number; readonly number: number }
  /** Asks to be left out of the next view. */
  | { readonly type: 'leave' }

/** Entries in their order, also none: to be heard, to tell of a commit, or to ask for an answer. */
export interface Append {
  readonly type: 'append'
  /** Until the receiver has answered in this epoch. */
  readonly view: View | undefined
  /** What stands before the entries. It must be the same at the receiver, else they do not fit. */
  readonly previous: Position
  readonly entries: readonly Entry[]
  readonly commit: number
  /** All of the view have applied this: it may be forgotten. */
  readonly forget: number
  /** The newest round of questions for a fence. */
  readonly round: number
  /** To one that is on its way in: which try it is. Its copy may be replaced, and then what it held counts no longer. */
  readonly admission: number | undefined
  /** The member that wrote all of the entries: it is to be told as well, and counts for itself who holds them. */
  readonly witness: Uid | undefined
}

/** To the primary, and of entries with a witness to that one, too. */
export interface Acknowledge {
  readonly type: 'acknowledge'
  readonly admission: number | undefined
  /** Up to here the log is the primary's. */
  readonly matched: number
  readonly applied: number
  readonly round: number
}

export interface Mismatch {
  readonly type: 'mismatch'
  readonly admission: number | undefined
  readonly previous: Position
  /** Up to here the log is known to be the primary's: from there the missing may be sent. */
  readonly matched: number
  readonly applied: number
  readonly round: number
}

/** The transactions that one process has asked for since it sent the last; each stands for itself. */
interface Propose {
  readonly type: 'propose'
  readonly proposals: readonly Proposal[]
}

export interface Proposal {
  readonly sequence: number
  readonly attempt: number
  readonly settled: number
  /** What the transaction read was read when this much was applied. */
  readonly snapshot: number
  readonly reads: readonly Read[]
  readonly writes: readonly Write[]
}

/**
 * What was read has changed, or there is no room. Rule 9: the writer believes it when it has applied entry `cause` in the same epoch; and
 * only with that entry in its snapshot can another attempt succeed.
 */
export interface Refuse {
  readonly type: 'refuse'
  readonly sequence: number
  readonly attempt: number
  readonly cause: number
  /** The rows would take more memory than they may: there is no other attempt. */
  readonly isFull?: boolean
}

/** A part of a snapshot; rows are copied while writes go on. */
export interface Chunk {
  readonly type: 'chunk'
  readonly admission: number
  readonly number: number
  readonly view: View
  readonly rows: readonly SnapshotRow[]
  /** With the first chunk: the entries after this are to be applied to the rows. */
  readonly base: Position | undefined
  /** With the first chunk. */
  readonly writers: readonly WriterRecord[] | undefined
  /** With the last chunk: applied up to here the rows are whole. */
  readonly wholeFrom: number | undefined
}
