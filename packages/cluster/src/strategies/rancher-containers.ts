import { ClusterError } from '../errors.ts'

/**
 * The first address of each container of a service, as Rancher's metadata describes it: `{ "containers": [{ "ips": ["10.42.0.7"] }] }`.
 * A container that has none yet is left out.
 * @throws ClusterError `LOOKUP_FAILED` for what is no such description
 */
export function addressesOfContainers(text: string): string[] {
  const containers = containersOf(text)
  const addresses: string[] = []
  for (const container of containers) {
    const ips: unknown = typeof container === 'object' && container !== null && 'ips' in container ? container.ips : []
    const [address]: unknown[] = Array.isArray(ips) ? ips : []
    if (typeof address === 'string' && address !== '') addresses.push(address)
  }
  return addresses
}

function containersOf(text: string): unknown[] {
  let service: unknown
  try {
    service = JSON.parse(text)
  } catch (error) {
    throw new ClusterError('LOOKUP_FAILED', 'The metadata service of Rancher answered with what is no JSON.', {
      cause: error,
    })
  }
  if (typeof service === 'object' && service !== null && 'containers' in service && Array.isArray(service.containers)) {
    return service.containers
  }
  throw new ClusterError('LOOKUP_FAILED', 'The metadata service of Rancher answered without a list of containers.')
}
