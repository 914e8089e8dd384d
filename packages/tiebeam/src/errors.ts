/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type TiebeamErrorCode =
  /** A setting of the environment, the configuration file or the program has a value that is not allowed. */
  | 'SETTING_INVALID'
  /** Health and metrics cannot be served: the port is taken, or the address is not of this host. */
  | 'HTTP_LISTEN_FAILED'
  /** An option of a command is not allowed, or missing. */
  | 'OPTION_INVALID'
  /** A release cannot be made of what the app consists of. */
  | 'RELEASE_FAILED'

/** Every failure of this package that a caller can meet. */
export class TiebeamError extends Error {
  override readonly name = 'TiebeamError'
  readonly code: TiebeamErrorCode

  constructor(code: TiebeamErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
  }
}
