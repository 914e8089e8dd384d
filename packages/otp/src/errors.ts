/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type OtpErrorCode = 'OPTION_INVALID'

/** Every failure of this package that a caller can meet. */
export class OtpError extends Error {
  override readonly name = 'OtpError'
  readonly code: OtpErrorCode

  constructor(code: OtpErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
  }
}
