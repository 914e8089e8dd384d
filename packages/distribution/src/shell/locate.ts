import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { EpmdNode } from '../epmd/codec.ts'
import { lookupNode } from '../epmd/shell/client.ts'
import { DistributionError } from '../errors.ts'
import type { NodeName } from '../node-name.ts'
import { type DialRepeatedlyInit, dialRepeatedly } from './dial-repeatedly.ts'

/** How the port of a node is found: in the EPMD of its host, or it is the same for all nodes. */
export type PortSource = { readonly epmdPort: number } | { readonly fixedPort: number }

export interface Location {
  readonly address: string
  readonly port: number
}

export interface LocateInit extends DialRepeatedlyInit {
  /** For one question to EPMD. */
  readonly timeoutMs: number
}

/**
 * Where a node listens.
 * @throws DistributionError `HOST_NOT_FOUND`, `EPMD_UNREACHABLE`, `EPMD_NODE_UNKNOWN`, `EPMD_PROTOCOL`
 */
export async function locate(node: NodeName, source: PortSource, init: LocateInit): Promise<Location> {
  const address = await addressOf(node.host)
  if ('fixedPort' in source) return { address, port: source.fixedPort }
  const epmd = { address, port: source.epmdPort, timeoutMs: init.timeoutMs }
  const ask = (signal: AbortSignal): Promise<EpmdNode> => lookupNode(node.base, { ...epmd, signal })
  const { port } = await dialRepeatedly(ask, () => {}, init)
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
