/** Stable codes of what can go wrong. The text of a message may change between releases, a code may not. */
export type KernelErrorCode = 'OPTION_INVALID'

/** Every failure of this package that a caller can meet. */
export class KernelError extends Error {
  override readonly name = 'KernelError'
  readonly code: KernelErrorCode

  constructor(code: KernelErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
  }
}
