import type { Uid, View } from '../member.ts'
import type { Read } from '../store/read.ts'
import type { Write } from '../store/write.ts'
import type { Entry } from './entry.ts'
import type { Message } from './message.ts'

/** What happened, in the order in which it happened. */
export type ReplicaEvent =
  /** Every `tickMs`. */
  | { readonly type: 'tick' }
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'authority'; readonly answer: AuthorityAnswer }
  /** A process that is in a view was met: the authority may know more than it did when it was asked last. */
  | { readonly type: 'met' }
  /** Proof that a member has ended, or is not to be reached. */
  | { readonly type: 'lost'; readonly uid: Uid }
  /** Begin a cluster: nobody is in the view that stands (`over`), or all who were are proven dead. */
  | { readonly type: 'found'; readonly identity: string; readonly over: View | undefined }
  | { readonly type: 'leave' }
  | Call

/** What the application asks for. `call` is its name for the request, and comes back in `settled`. */
export type Call =
  | {
      readonly type: 'transact'
      /** After a conflict, the same call is the next attempt of the same transaction. */
      readonly call: number
      readonly snapshot: number
      readonly reads: readonly Read[]
      readonly writes: readonly Write[]
    }
  /** There will be no further attempt after the conflict. */
  | { readonly type: 'abandon'; readonly call: number }
  | { readonly type: 'sync'; readonly call: number }
  /** A transaction that writes nothing: whether what it read still holds, after all that was committed before. */
  | { readonly type: 'validate'; readonly call: number; readonly snapshot: number; readonly reads: readonly Read[] }

/** A call that gets no answer in time is answered `unknown`; it may still be answered, or take effect, later. */
export type AuthorityAnswer =
  | { readonly type: 'read'; readonly view: View | undefined }
  | { readonly type: 'installed'; readonly view: View }
  /** Not installed: this is what stands. */
  | { readonly type: 'stands'; readonly view: View | undefined }
  | { readonly type: 'unknown' }

/** What is to be done. */
export type Effect =
  | { readonly type: 'send'; readonly node: string; readonly message: Message }
  | { readonly type: 'readAuthority' }
  | { readonly type: 'install'; readonly next: View; readonly expectedEpoch: number }
  | Report

/** What is told, and asks for nothing of the network or the authority. */
export type Report =
  | { readonly type: 'settled'; readonly call: number; readonly outcome: Outcome }
  /** These are committed and now in the store. */
  | { readonly type: 'applied'; readonly entries: readonly Entry[] }
  /** What rows are found by was made whole: an index that a table was given later. */
  | { readonly type: 'indexed' }
  | { readonly type: 'view'; readonly view: View; readonly primary: boolean }
  /** The rows were replaced by a snapshot. */
  | { readonly type: 'restored'; readonly identity: string }
  /** The primary was not heard for `suspectAfterMs`, or is heard again. */
  | { readonly type: 'cutOff' }
  | { readonly type: 'reached' }
  /** In no view any longer: continue as a new member, from `successor`. */
  | { readonly type: 'excluded'; readonly view: View }
  /** Nobody is in the view: a process that wants to join finds no cluster. */
  | { readonly type: 'unfounded'; readonly over: View | undefined }
  /** The record of the authority vanished or went back: nothing is done, a person decides. */
  | { readonly type: 'recordWentBack'; readonly known: View; readonly found: View | undefined }
  /** The others know the view without this member: it may end. */
  | { readonly type: 'left' }

export type Refusal = 'CUT_OFF' | 'NOT_A_MEMBER' | 'TOO_MANY_PENDING' | 'TRANSACTION_TOO_LARGE' | 'MEMORY_FULL'

export type Outcome =
  /** And applied here. */
  | { readonly type: 'committed'; readonly index: number }
  /** What was read has changed; what is applied here now may be read for the next attempt. */
  | { readonly type: 'conflict' }
  /** All that was committed before the call is applied here (`sync`), and what was read still holds (`validate`). */
  | { readonly type: 'synced'; readonly index: number }
  /** Nothing was done. */
  | { readonly type: 'refused'; readonly reason: Refusal }
  /** It is certain that the transaction never took place: the process was excluded with it under way. */
  | { readonly type: 'lost' }
  /** The process was excluded, and the outcome is no longer remembered. */
  | { readonly type: 'unknown' }
