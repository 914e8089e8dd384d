import { isIn, type Uid, type View } from '../member.ts'

/** What a primary knows when it decides about a fence. */
export interface FenceFacts {
  /** Whether the first entry of its own view is committed, and with it all that it inherited. */
  readonly opened: boolean
  /** The newest round that each other member has answered. */
  readonly members: readonly number[]
  /** That of a joiner that counts; undefined when there is none. */
  readonly joiner: number | undefined
}

/**
 * The rules that keep the members in agreement, as far as they are decisions. They are in one place so that they can be read as
 * one, and so that tests can show of each what goes wrong without it. Rule 1, one view per epoch, is the authority's.
 */
export class Rules {
  /** Rule 2, write-all: an entry is committed when every member of the view holds it. `held`: up to where, for each that counts. */
  committed(held: readonly number[]): number {
    return Math.min(...held)
  }

  /**
   * Rule 2, write-all, where the writer of an entry counts for itself: all other members but the primary, which sent it. `upTo`: the last
   * entry of which the primary said that it may, for beyond it a joiner may count.
   */
  witnessed(upTo: number, held: readonly number[]): number {
    return Math.min(upTo, ...held)
  }

  /** Rule 3, no going back: having accepted an epoch, a member takes and acknowledges nothing of a lower one. */
  heeds(epoch: number, accepted: number): boolean {
    return epoch >= accepted
  }

  /** Rule 4, a primary comes from the last view: so it holds all that was ever committed. */
  mayTakeOver(view: View, uid: Uid): boolean {
    return isIn(view, uid)
  }

  /**
   * Rule 5, a joiner counts before it is in. The precondition: it holds all that is committed, and all that a writer may have found
   * to be committed for itself.
   */
  mayAdmit(held: number, committed: number, witnessed: number): boolean {
    return held >= Math.max(committed, witnessed)
  }

  /** Rule 5, the commit: from the decision on, nothing is committed without the joiner. */
  countsFromDecision(): boolean {
    return true
  }

  /** Rule 6, apply only what is committed, which is known only as far as the log is known to be the primary's. */
  appliesUpTo(committed: number, matched: number, _lastIndex: number): number {
    return Math.min(committed, matched)
  }

  /**
   * Rule 7, an unknown answer stays unknown: a joiner that counts does so until the next view is known. Any definite answer to an
   * install for the next epoch, also to a later one, makes it known.
   */
  mayReleaseJoiner(counts: boolean, _answeredUnknown: boolean): boolean {
    return !counts
  }

  /**
   * Rule 8, aligned before acknowledging: entries fit only where what stands before them is of the same epoch as at the primary,
   * for then all before it is the same too. Nothing else is acknowledged.
   */
  fits(heldEpoch: number | undefined, primaryEpoch: number): boolean {
    return heldEpoch === primaryEpoch
  }

  /**
   * Rule 9, once: a refusal is told only when its cause is committed, which is known when it is applied. An attempt in the tail of an
   * older epoch might else be finished by a later primary, after its writer was told that it failed.
   */
  mayTellRefusal(applied: number, cause: number): boolean {
    return applied >= cause
  }

  /** Rule 9, once: a transaction is looked for in the uncommitted part of the log too. */
  isUnderWay(inUncommittedPart: boolean): boolean {
    return inUncommittedPart
  }

  /** Rule 9, once: what was refused for want of room stays refused, though there may be room when another copy of it comes. */
  staysRefused(wasRefused: boolean): boolean {
    return wasRefused
  }

  /** Rule 10, a fence asks whom a commit needs: every other member, and a joiner that counts. */
  isFenceAnswered(round: number, { members, joiner }: FenceFacts): boolean {
    return members.every((answered) => answered >= round) && (joiner === undefined || joiner >= round)
  }

  /** Rule 10: a new primary answers none before all that it inherited is committed. */
  mayAnswerFence({ opened }: FenceFacts): boolean {
    return opened
  }

  /** Rule 10: any of those asked may know of more that is committed than the primary. `applied`: of all of them. */
  fencedUpTo(committed: number, applied: readonly number[]): number {
    return Math.max(committed, ...applied)
  }

  /** Rule 10: a round of questions serves only the calls made before it was sent. */
  servesLateCall(): boolean {
    return false
  }
}
