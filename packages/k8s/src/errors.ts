import type { Status } from './resources/object.ts'

/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type KubernetesErrorCode = KubernetesRequestErrorCode | KubernetesStatusCode

/** What goes wrong before the API server has answered, or with its answer. */
export type KubernetesRequestErrorCode =
  | 'OPTION_INVALID'
  /** There is no kubeconfig, and this is no pod. */
  | 'CONFIG_MISSING'
  /** A kubeconfig, or what it points to, cannot be used. */
  | 'CONFIG_INVALID'
  /** A token file cannot be read, or an exec plugin gave no credential. */
  | 'CREDENTIAL_UNAVAILABLE'
  /** No connection, or it was lost before the answer was complete. Whether a write was done is not known. */
  | 'CONNECTION_FAILED'
  /** The server's certificate is not one that the configuration trusts. */
  | 'TLS_FAILED'
  /** No complete answer within `timeoutMs`. Whether a write was done is not known. */
  | 'TIMEOUT'
  /** The answer is not what the API prescribes; often a proxy's page. */
  | 'RESPONSE_MALFORMED'
  | 'RESPONSE_TOO_LARGE'
  | 'CLIENT_CLOSED'

/** What the API server answers instead of the result: the reason of its `Status`, or else the HTTP status. */
export type KubernetesStatusCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_ACCEPTABLE'
  | 'ALREADY_EXISTS'
  /** Someone else wrote in between, or a precondition does not hold: read again, and decide anew. */
  | 'CONFLICT'
  /** The object, or that version of it, is gone for good. */
  | 'GONE'
  /** The `resourceVersion` or `continue` token is too old: list again. */
  | 'EXPIRED'
  | 'REQUEST_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'INVALID'
  | 'TOO_MANY_REQUESTS'
  | 'INTERNAL_ERROR'
  | 'SERVICE_UNAVAILABLE'
  /** The server itself ran out of time. Whether a write was done is not known. */
  | 'SERVER_TIMEOUT'
  /** A status that the API does not use, such as that of a proxy. */
  | 'UNEXPECTED_STATUS'

export interface KubernetesErrorInit {
  readonly cause?: unknown
  readonly httpStatus?: number | undefined
  readonly retryAfterMs?: number | undefined
  readonly status?: Status | undefined
}

/**
 * Every failure of this package that a caller can meet. `code` is stable; `message` says what happened and what to do about it. A
 * message never contains a credential.
 */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError'
  readonly code: KubernetesErrorCode
  /** Status of the HTTP response; undefined when there was none. */
  readonly httpStatus: number | undefined
  /** How long the server asks to wait before the next try, in ms. */
  readonly retryAfterMs: number | undefined
  /** What the server said, with the causes of an `INVALID` in `details`. */
  readonly status: Status | undefined

  constructor(code: KubernetesErrorCode, message: string, init: KubernetesErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
    this.httpStatus = init.httpStatus
    this.retryAfterMs = init.retryAfterMs
    this.status = init.status
  }
}

/** Whether an error is a `KubernetesError` with one of these codes: `hasCode(error, 'NOT_FOUND')`. */
export function hasCode(error: unknown, ...codes: readonly KubernetesErrorCode[]): error is KubernetesError {
  return error instanceof KubernetesError && codes.includes(error.code)
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
