import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { DistributionError, Node } from '@tiebeam/distribution'
import { Rpc } from '@tiebeam/kernel'
import { TiebeamError } from '../../errors.ts'
import { askerName, hostOf, isOnLoopback, type Target } from '../target.ts'

/** A hidden node that asks others, and is gone when the command ends. It reaches what they expose and nothing else. */
export class AttachedNode {
  readonly node: Node
  readonly rpc: Rpc

  /** @throws TiebeamError `NODE_UNREACHABLE`, with the cause */
  static async attach({ node: target, cookie, epmdPort, tls }: Target): Promise<AttachedNode> {
    const host = isOnLoopback(target) ? hostOf(target) : await ownAddress(hostOf(target))
    const node = await Node.start({
      name: askerName(process.pid, host),
      cookie,
      hidden: true,
      shortNames: !host.includes('.') && !host.includes(':'),
      epmd: { port: epmdPort },
      ...(tls !== undefined && { tls }),
    })
    const attached = new AttachedNode(node, await Rpc.start(node))
    try {
      await node.connect(target)
      return attached
    } catch (cause) {
      await attached.stop()
      throw unreachable(target, cause)
    }
  }

  private constructor(node: Node, rpc: Rpc) {
    this.node = node
    this.rpc = rpc
  }

  async stop(): Promise<void> {
    await this.rpc.stop()
    await this.node.stop({ timeoutMs: 1_000 })
  }
}

function unreachable(target: string, cause: unknown): TiebeamError {
  const why = cause instanceof DistributionError ? `${cause.message} (${cause.code})` : String(cause)
  return new TiebeamError('NODE_UNREACHABLE', `The node ${target} cannot be reached: ${why}`, { cause })
}

/** Our address, as seen from the way to the host. A UDP socket that is connected has one, and sends nothing. */
async function ownAddress(host: string): Promise<string> {
  const { address } = await lookup(host).catch((cause: unknown) => {
    throw new TiebeamError('NODE_UNREACHABLE', `The host ${host} has no address that could be found.`, { cause })
  })
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.connect(9, address, resolve)
    })
    return socket.address().address
  } catch (cause) {
    throw new TiebeamError('NODE_UNREACHABLE', `There is no way to ${address}.`, { cause })
  } finally {
    socket.close()
  }
}
