/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type DistributionErrorCode =
  // Names, options and the state of a node
  | 'NODE_NAME_INVALID'
  | 'OPTION_INVALID'
  | 'NODE_STOPPED'
  | 'NAME_TAKEN'
  | 'NAME_NOT_REGISTERED'
  | 'PROCESS_NOT_FOUND'
  | 'PROCESS_EXITED'
  | 'RECEIVE_TIMEOUT'
  | 'MAILBOX_FULL'
  // Connecting
  | 'CONNECT_FAILED'
  | 'CONNECT_REFUSED'
  | 'CONNECT_TIMEOUT'
  | 'HOST_NOT_FOUND'
  | 'LISTEN_FAILED'
  | 'TLS_FAILED'
  | 'NOT_CONNECTED'
  | 'CONNECTION_CLOSED'
  | 'CONNECTION_REPLACED'
  | 'DISCONNECTED'
  | 'CONNECTION_LIMIT'
  // EPMD
  | 'EPMD_UNREACHABLE'
  | 'EPMD_NAME_TAKEN'
  | 'EPMD_NODE_UNKNOWN'
  | 'EPMD_PROTOCOL'
  // Handshake
  | 'HANDSHAKE_MALFORMED'
  | 'HANDSHAKE_UNEXPECTED'
  | 'HANDSHAKE_TIMEOUT'
  | 'COOKIE_MISMATCH'
  | 'PEER_NAME_MISMATCH'
  | 'PEER_NOT_ALLOWED'
  | 'PEER_FLAGS_MISSING'
  | 'SIMULTANEOUS_CONNECT'
  | 'ALREADY_CONNECTED'
  | 'DYNAMIC_NAME_REFUSED'
  // An established link
  | 'FRAME_TOO_LARGE'
  | 'MESSAGE_MALFORMED'
  | 'MESSAGE_TOO_LARGE'
  | 'FRAGMENTS_LIMIT'
  | 'OUTPUT_FULL'
  | 'SPAWN_REQUESTS_FULL'
  | 'PEER_STALLED'
  | 'TICK_TIMEOUT'

export interface DistributionErrorInit {
  /** What led to this error. */
  readonly cause?: unknown
}

/**
 * Every failure of this package that a caller can meet. `code` is stable; `message` says what happened and what to do about it.
 * A message never contains the cookie.
 */
export class DistributionError extends Error {
  override readonly name = 'DistributionError'
  readonly code: DistributionErrorCode

  constructor(code: DistributionErrorCode, message: string, init: DistributionErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
  }
}
