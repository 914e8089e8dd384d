import { DistributionError } from '../errors.ts'
import { ExitReason } from './notices.ts'

/** What the function of an ended process meets. */
export function exitedError(reason: unknown): DistributionError {
  return new DistributionError('PROCESS_EXITED', 'The process has ended; its function should return.', {
    cause: new ExitReason(reason),
  })
}

/**
 * The same for a function that waits. Without a stack: it would lead to whoever ended the process, not to where the function waits, and
 * take more time than all the rest of the end.
 */
export function interruptedError(reason: unknown): DistributionError {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return exitedError(reason)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
