import { EncodeError } from '@tiebeam/etf'
import { DistributionError } from '../errors.ts'

/** Whether the encoder gave up because the message is longer than all output may be. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof EncodeError && error.code === 'ETF_SIZE'
}

export function messageTooLarge(outputBytesMax: number, cause?: unknown): DistributionError {
  const text = `A message is larger than outputBytesMax (${outputBytesMax}). Raise it, or send less at once.`
  return new DistributionError('MESSAGE_TOO_LARGE', text, { cause })
}
