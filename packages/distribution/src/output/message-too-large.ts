import { EncodeError } from '@tiebeam/etf'
import { DistributionError } from '../errors.ts'

/** Whether the encoder gave up because the message is longer than one may be. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof EncodeError && error.code === 'ETF_SIZE'
}

export function messageTooLarge(messageBytesMax: number, cause?: unknown): DistributionError {
  const text = `A message is larger than messageBytesMax (${messageBytesMax}). Raise it on both sides, or send less at once.`
  return new DistributionError('MESSAGE_TOO_LARGE', text, { cause })
}
