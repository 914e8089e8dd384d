import { OtpError } from '../errors.ts'

/** A child did not start, and so neither did its supervisor. `cause` is what its `start` rejected with. */
export class ChildStartError extends OtpError {
  readonly childId: string

  constructor(childId: string, cause: unknown) {
    super('CHILD_START_FAILED', `The child ${childId} did not start: ${textOf(cause)}`, { cause })
    this.childId = childId
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
