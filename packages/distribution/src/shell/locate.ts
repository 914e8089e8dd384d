import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { lookupNode } from '../epmd/shell/client.ts'
import { DistributionError } from '../errors.ts'
import type { NodeName } from '../node-name.ts'

/** How the port of a node is found: in the EPMD of its host, or it is the same for all nodes. */
export type PortSource = { readonly epmdPort: number } | { readonly fixedPort: number }

export interface Location {
  readonly address: string
  readonly port: number
}

/**
 * Where a node listens.
 * @throws DistributionError `HOST_NOT_FOUND`, `EPMD_UNREACHABLE`, `EPMD_NODE_UNKNOWN`, `EPMD_PROTOCOL`
 */
export async function locate(node: NodeName, source: PortSource, timeoutMs: number): Promise<Location> {
  const address = await addressOf(node.host)
  if ('fixedPort' in source) return { address, port: source.fixedPort }
  const { port } = await lookupNode(node.base, { address, port: source.epmdPort, timeoutMs })
  return { address, port }
}

/** The IP address of a host. @throws DistributionError `HOST_NOT_FOUND` */
export async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch (cause) {
    const text = `The host ${host} has no address. Check its spelling, DNS, and whether peers know it by this name.`
    throw new DistributionError('HOST_NOT_FOUND', text, { cause })
  }
}
