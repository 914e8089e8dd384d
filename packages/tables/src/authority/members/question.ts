import type { Member, View } from '../../member.ts'
import { isCount, isFields, isName, isOptional } from '../../wire/checks.ts'
import { isMember, isView } from '../../wire/message-checks.ts'

/** Orders the attempts to decide on a view; no two proposers have the same owner. */
export interface Ballot {
  readonly round: number
  readonly owner: string
}

/** What an acceptor has voted for. */
export interface Vote {
  readonly ballot: Ballot
  readonly view: View
}

/**
 * What a proposer asks the members of `base`, who decide on the view of the next epoch. Whoever asks knows `base` to be decided, so that
 * whoever is asked learns it.
 */
export type Question =
  | { readonly type: 'prepare'; readonly base: View; readonly ballot: Ballot }
  | { readonly type: 'accept'; readonly base: View; readonly ballot: Ballot; readonly view: View }
  /** Whether there may be a view after `base`; binds nobody. */
  | { readonly type: 'inquire'; readonly base: View }
  /** This was decided. */
  | { readonly type: 'decided'; readonly view: View }
  /** The newest view that is known here. */
  | { readonly type: 'newest' }

export type Answer =
  | { readonly type: 'promised'; readonly vote: Vote | undefined }
  | { readonly type: 'accepted' }
  | { readonly type: 'outbid'; readonly ballot: Ballot }
  | { readonly type: 'inquired'; readonly vote: Vote | undefined }
  /** The epoch after `base` is decided: this, or a later view, stands. */
  | { readonly type: 'passed'; readonly view: View }
  | { readonly type: 'known'; readonly view: View | undefined }
  /** The process that was asked is another one: the member has ended, and all that it has promised with it. */
  | { readonly type: 'gone' }
  /** It takes no part in decisions of this cluster: it knows too little of it. */
  | { readonly type: 'abstains' }

/** A question, and which member it is for. */
export interface Addressed {
  readonly to: Member
  readonly question: Question
}

export function compareBallots(left: Ballot, right: Ballot): number {
  return left.round - right.round || (left.owner < right.owner ? -1 : left.owner > right.owner ? 1 : 0)
}

/** Names a member among those who decide. */
export function processOf({ node, creation, uid }: Member): string {
  return `${node}/${creation}/${uid}`
}

export function isAddressed(value: unknown): value is Addressed {
  return isFields(value) && isMember(value.to) && isQuestion(value.question)
}

function isQuestion(value: unknown): value is Question {
  if (!isFields(value)) return false
  switch (value.type) {
    case 'prepare':
      return isView(value.base) && isBallot(value.ballot)
    case 'accept':
      return isView(value.base) && isBallot(value.ballot) && isView(value.view)
    case 'inquire':
      return isView(value.base)
    case 'decided':
      return isView(value.view)
    case 'newest':
      return true
    default:
      return false
  }
}

export function isAnswer(value: unknown): value is Answer {
  if (!isFields(value)) return false
  switch (value.type) {
    case 'promised':
    case 'inquired':
      return isOptional(value.vote, isVote)
    case 'outbid':
      return isBallot(value.ballot)
    case 'passed':
      return isView(value.view)
    case 'known':
      return isOptional(value.view, isView)
    case 'accepted':
    case 'gone':
    case 'abstains':
      return true
    default:
      return false
  }
}

function isBallot(value: unknown): value is Ballot {
  return isFields(value) && isCount(value.round) && isName(value.owner)
}

function isVote(value: unknown): value is Vote {
  return isFields(value) && isBallot(value.ballot) && isView(value.view)
}
