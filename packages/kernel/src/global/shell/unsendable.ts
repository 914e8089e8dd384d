import { DistributionError, type ServiceHost } from '@tiebeam/distribution'

/**
 * What is to be done when something cannot be sent to the server of a node. A node that cannot take what it must know is dropped: when it
 * connects again, it is told all. To go on without it would leave it with other names than everybody else, or locked for ever.
 */
export function couldNotSend({ node, logger }: ServiceHost, peer: string, error: unknown): void {
  const isFull =
    error instanceof DistributionError && (error.code === 'OUTPUT_FULL' || error.code === 'MESSAGE_TOO_LARGE')
  if (isFull) {
    logger.error({ err: error, peer }, 'global: a node does not take what it must know, and is dropped')
    void node.disconnect(peer)
  } else logger.debug({ err: error, peer }, 'global: a message could not be sent')
}
