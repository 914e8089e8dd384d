import { TablesError } from '../errors.ts'
import type { Outcome } from '../replica/event.ts'

const refusals = {
  CUT_OFF:
    'this member has not heard from its primary for a while, or was left out of the view; nothing was written. It comes back by itself; try again then',
  NOT_A_MEMBER:
    'this process is not a member of the tables yet, or no longer; nothing was written. Wait until it has joined',
  TOO_MANY_PENDING:
    'too many transactions of this process are under way (10,000, or pendingMax); nothing was written. Wait for some of them before starting more',
  TRANSACTION_TOO_LARGE:
    'the transaction writes more than one may (transactionBytesMax); nothing was written. Do it in several',
  MEMORY_FULL:
    'the rows would take more memory than they may (bytesMax at the primary); nothing was written. Delete rows, give them a ttl, or raise bytesMax in all members',
} as const

/** For an outcome that ends a transaction without success. */
export function errorOf(outcome: Outcome, cause?: unknown): TablesError {
  switch (outcome.type) {
    case 'refused':
      return new TablesError(outcome.reason, refusals[outcome.reason], { cause })
    case 'lost':
      return new TablesError(
        'CUT_OFF',
        'this process was left out of the view meanwhile; nothing was written. Try again',
        {
          cause,
        },
      )
    case 'unknown':
      return new TablesError(
        'OUTCOME_UNKNOWN',
        'this process was left out of the view with the transaction under way, and nobody remembers whether it took place; read before you try again',
        { cause },
      )
    case 'conflict':
      return new TablesError(
        'CONFLICT',
        'others changed what the transaction read, each time it was tried (attemptsMax); nothing was written. Try again later, or let fewer writers change the same rows',
        { cause },
      )
    case 'committed':
    case 'synced':
      throw new RangeError(`the outcome ${outcome.type} is no error`)
  }
}
