import { atom, ExitReason, reasonOf, tuple } from '@tiebeam/distribution'
import { SHUTDOWN } from '../exit-reasons.ts'
import { StartError } from '../gen-server/start-server.ts'
import { ChildStartError } from './child-start-error.ts'

const FAILED_TO_START_CHILD = atom('failed_to_start_child')

/**
 * The exit reason that stands for what a child's start rejected with: that of its process, if the error tells it; for a supervisor that
 * could not start one of its own children, what OTP has: `{shutdown, {failed_to_start_child, Id, Reason}}`.
 */
export function startReasonOf(error: unknown): unknown {
  if (error instanceof ChildStartError) {
    return tuple(SHUTDOWN, tuple(FAILED_TO_START_CHILD, error.childId, startReasonOf(error.cause)))
  }
  if (error instanceof StartError) return error.reason
  if (error instanceof Error && error.cause instanceof ExitReason) return error.cause.reason
  return reasonOf(error)
}
