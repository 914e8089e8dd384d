/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type OtpErrorCode =
  | 'OPTION_INVALID'
  /** A server ended before it was initialised. */
  | 'START_FAILED'
  /** A server was not initialised in time. */
  | 'START_TIMEOUT'
  // Supervisors
  | 'CHILD_START_FAILED'
  | 'CHILD_ID_TAKEN'
  | 'CHILD_NOT_FOUND'
  | 'CHILD_RUNNING'
  | 'CHILD_RESTARTING'
  | 'CHILDREN_MAX'
  | 'SUPERVISOR_BUSY'
  | 'SUPERVISOR_STOPPED'
  // Programs
  | 'PROGRAM_UNSUPPORTED'
  | 'PROGRAM_NOT_FOUND'
  | 'PROGRAM_NOT_EXECUTABLE'
  | 'PROGRAM_DIRECTORY_INVALID'
  | 'PROGRAM_START_FAILED'
  | 'PROGRAM_GUARD_FAILED'
  | 'PROGRAM_NOT_READY'
  | 'PROGRAM_INPUT_CLOSED'
  | 'PROGRAM_INPUT_FULL'
  | CallErrorCode

/** What a call can end with instead of a reply. */
export type CallErrorCode =
  /** There is no such process. */
  | 'NOPROC'
  /** The reply did not come in time. Whether the server did, or will do, what was asked is not known. */
  | 'TIMEOUT'
  /** The node of the server cannot be reached, or was lost before the reply. */
  | 'NODEDOWN'
  /** The server ended before it replied. */
  | 'SERVER_EXITED'
  /** A process called itself, and would have waited for ever. */
  | 'CALLING_SELF'
  /** The node of the server is leaving the cluster. What was asked was not done, and can be asked of another. */
  | 'DRAINING'
  /** The server has no such call, or one that wants more arguments. */
  | 'UNKNOWN_CALL'
  /** The answer is not of the form that `gen` prescribes. */
  | 'REPLY_MALFORMED'

/** Every failure of this package that a caller can meet. */
export class OtpError extends Error {
  override readonly name: string = 'OtpError'
  readonly code: OtpErrorCode

  constructor(code: OtpErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
  }
}
