/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type TiebeamErrorCode =
  /** A setting of the environment, the configuration file or the program has a value that is not allowed. */
  | 'SETTING_INVALID'
  /** Health and metrics cannot be served: the port is taken, or the address is not of this host. */
  | 'HTTP_LISTEN_FAILED'
  /** A release cannot be made of what the app consists of. */
  | 'RELEASE_FAILED'
  /** The folder for the control socket cannot be made, or another app uses it. */
  | 'RUN_DIRECTORY_UNUSABLE'
  /** No app runs that could be asked, or it ended meanwhile. */
  | 'APP_NOT_RUNNING'
  /** The control socket belongs to another user. */
  | 'CONTROL_DENIED'
  /** The code of `eval` threw. */
  | 'EVALUATION_FAILED'
  /** A node does not answer, or is not to be found. */
  | 'NODE_UNREACHABLE'
  /** What was given to a command is not allowed, or missing. */
  | 'OPTION_INVALID'
  /** What came over the control socket is nothing that it takes, or more than it takes. */
  | 'CONTROL_REFUSED'
  /** What a command was told to do could not be done. */
  | 'COMMAND_FAILED'

/** Every failure of this package that a caller can meet. */
export class TiebeamError extends Error {
  override readonly name = 'TiebeamError'
  readonly code: TiebeamErrorCode

  constructor(code: TiebeamErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
  }
}
