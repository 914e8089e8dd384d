import { DistributionError } from '../errors.ts'

/** What a peer of this protocol never sends; the link cannot go on, because the two sides' atom caches may differ from now on. */
export function malformed(what: string, cause?: unknown): DistributionError {
  return new DistributionError('MESSAGE_MALFORMED', `The peer sent a message that cannot be read: ${what}.`, { cause })
}
