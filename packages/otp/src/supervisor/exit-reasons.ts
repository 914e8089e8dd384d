import { atom, ExitReason, reasonOf, Tuple, tuple } from '@tiebeam/distribution'
import { StartError } from '../gen-server/start-server.ts'
import { ChildStartError } from './child-start-error.ts'

export const NORMAL = atom('normal')
export const SHUTDOWN = atom('shutdown')
export const KILL = atom('kill')
export const KILLED = atom('killed')
const FAILED_TO_START_CHILD = atom('failed_to_start_child')

/** `shutdown` or `{shutdown, _}`: ended because it was told to, or because it had nothing more to do. */
export function isShutdown(reason: unknown): boolean {
  return reason === SHUTDOWN || (reason instanceof Tuple && reason.length === 2 && reason.at(0) === SHUTDOWN)
}

/** Whether a transient child that ends so is left alone. */
export function isExpected(reason: unknown): boolean {
  return reason === NORMAL || isShutdown(reason)
}

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
