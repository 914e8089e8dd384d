/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type ClusterErrorCode =
  | 'OPTION_INVALID'
  /** The name server did not answer, or answered that it failed. */
  | 'LOOKUP_FAILED'
  | 'LOOKUP_TIMEOUT'
  /** A `connect`, `disconnect` or `listNodes` of a topology said no, hung, or gave something else than it should. */
  | 'HOOK_FAILED'
  // Calls to groups
  /** Nobody in the group could be called in time. The call was not done. */
  | 'NO_MEMBER'
  /** The call was sent and not replied to: it may have been done or not. */
  | 'OUTCOME_UNKNOWN'

/** Every failure of this package that a caller can meet. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError'
  readonly code: ClusterErrorCode

  constructor(code: ClusterErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
  }
}

/** The `code` of any error, or its class name: what tells one kind of failure from another. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error
  const { code, name } = error as { code?: unknown; name?: unknown }
  if (typeof code === 'string') return code
  return typeof name === 'string' ? name : 'UNKNOWN'
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
