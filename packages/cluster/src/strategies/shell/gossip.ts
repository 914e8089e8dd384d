import { isIPv4 } from 'node:net'
import type { ListingSink, PushedStrategy, StrategyContext, Subscription } from '../../strategy.ts'
import { gossipKey } from '../gossip-packet.ts'
import { OptionChecks } from '../options.ts'
import { GossipSession, type GossipSettings } from './gossip-session.ts'

export interface GossipInit {
  /** UDP port of all nodes. Default 45892. */
  readonly port?: number
  /** IPv4 address to bind to. Default `0.0.0.0`; any other receives no multicast on Linux. */
  readonly ifAddr?: string
  /** Multicast group, or with `broadcastOnly` the broadcast address. Default `233.252.1.32`. */
  readonly multicastAddr?: string
  /** IPv4 address of the interface for multicast. Default: the one that the system takes. */
  readonly multicastIf?: string
  /** How many routers a heartbeat may pass, plus one. Default 1: it stays in the local network. */
  readonly multicastTtl?: number
  /** Sends to a broadcast address and joins no multicast group. Default false. */
  readonly broadcastOnly?: boolean
  /** Encrypts heartbeats; all nodes need the same. Default: they are not encrypted. */
  readonly secret?: string
  /** Longest pause between two heartbeats, in ms; each pause is a random part of it. Default 5000, as in libcluster. */
  readonly heartbeatMs?: number
  /** A node that has been silent for so long is no longer listed, in ms. Default 60 000. */
  readonly expireMs?: number
  /** Nodes that are remembered; more are ignored. Default 1000. */
  readonly namesMax?: number
}

/** Nodes that tell of themselves in the local network, by UDP multicast or broadcast: libcluster's `Cluster.Strategy.Gossip`. */
export class Gossip implements PushedStrategy {
  readonly type = 'pushed'
  readonly kind = 'Gossip'
  readonly #settings: GossipSettings

  /** @throws ClusterError `OPTION_INVALID` */
  constructor(init: GossipInit = {}) {
    const { port = 45_892, ifAddr = '0.0.0.0', multicastAddr = '233.252.1.32', multicastIf, multicastTtl = 1 } = init
    const { broadcastOnly = false, secret, heartbeatMs = 5000, expireMs = 60_000, namesMax = 1000 } = init
    const checks = new OptionChecks(this.kind)
    checks.count('port', port, 65_535)
    for (const [option, address] of Object.entries({ ifAddr, multicastAddr, multicastIf: multicastIf ?? ifAddr })) {
      checks.that(isIPv4(address), option, address, 'an IPv4 address')
    }
    checks.count('multicastTtl', multicastTtl, 255)
    checks.that(typeof broadcastOnly === 'boolean', 'broadcastOnly', broadcastOnly, 'true or false')
    checks.that(
      broadcastOnly || isMulticast(multicastAddr),
      'multicastAddr',
      multicastAddr,
      'a multicast address (224.0.0.0 to 239.255.255.255), unless broadcastOnly is set',
    )
    // Its type alone: a secret does not belong into a message.
    checks.that(
      secret === undefined || (typeof secret === 'string' && secret !== ''),
      'secret',
      typeof secret,
      'text, and not empty',
    )
    checks.wait('heartbeatMs', heartbeatMs)
    checks.wait('expireMs', expireMs)
    checks.count('namesMax', namesMax)
    this.#settings = {
      port,
      ifAddr,
      multicastAddr,
      multicastIf,
      multicastTtl,
      broadcastOnly,
      key: secret === undefined ? undefined : gossipKey(secret),
      heartbeatMs,
      expireMs,
      namesMax,
    }
  }

  watch(context: StrategyContext, sink: ListingSink): Subscription {
    const session = new GossipSession(this.#settings, context, sink)
    session.start()
    return session
  }
}

function isMulticast(address: string): boolean {
  const first = Number(address.split('.')[0])
  return first >= 224 && first <= 239
}
