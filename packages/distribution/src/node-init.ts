import type { DecoderInit } from '@tiebeam/etf'
import { DistributionError } from './errors.ts'
import { type Logger, silentLogger } from './logger.ts'
import type { NodeService } from './node-service.ts'
import type { TlsInit } from './transport/tls.ts'

export interface EpmdInit {
  /** Default 4369. Other nodes of the host need the same: erl takes it from the environment's `ERL_EPMD_PORT`. */
  readonly port?: number
  /** Whether the node may be the EPMD of its host when there is none. Default true. */
  readonly serve?: boolean
}

export interface ListenAt {
  /** An IP address, or a name of this host. Default: the host of the node's name. `0.0.0.0` or `::` for every interface. */
  readonly address?: string
  /** Default: `port`, else any that is free. */
  readonly port?: number
}

/** All bounds have defaults that suit clusters of some tens of nodes. */
export interface NodeInit {
  /** `base@host`; peers must be able to reach the host under just this name. */
  readonly name: string
  /** The secret that all nodes of a cluster share. */
  readonly cookie: string
  /** Whether names are short (`-sname` of erl): hosts without a dot. Default false. */
  readonly shortNames?: boolean
  /** Where to listen, when that is not where peers reach the node. */
  readonly listen?: ListenAt
  /** EPMD tells on which port a node listens. `false`: none; then `port` is that of every node of the cluster. */
  readonly epmd?: EpmdInit | false
  /** A fixed port to listen on; without EPMD also the port at which peers are dialled. Default: any that is free. */
  readonly port?: number
  /** TLS for all connections to and from other nodes. */
  readonly tls?: TlsInit
  /**
   * Whether other nodes list this one among the hidden nodes. Default false: then Tiebeam nodes list it among the visible ones, and BEAM
   * nodes do so when one of its services makes it visible.
   */
  readonly hidden?: boolean
  /** What the node offers from its first moment on, such as `GlobalNames` of `@tiebeam/kernel`; started in this order. */
  readonly services?: readonly NodeService[]
  /** Which nodes may connect, asked with the name that a peer claims. Default: all that know the cookie. */
  readonly allow?: (name: string) => boolean
  readonly logger?: Logger
  /** How terms become values. Default 'comfortable'. */
  readonly decoding?: 'comfortable' | 'exact'
  /** What a binary becomes in comfortable decoding. Default 'text': a string when it is valid UTF-8. */
  readonly binaries?: 'text' | 'bytes'
  /** A peer that is silent for so long is dropped. Must be the same in all nodes of a cluster. Default 60,000, as in OTP. */
  readonly netTickTimeMs?: number
  /** For reaching a peer and the handshake with it, and for a caller's handshake. Default 7,000, as in OTP. */
  readonly handshakeMs?: number
  /** Connections that have not proved to know the cookie; further ones are closed. Default 100. */
  readonly unauthenticatedMax?: number
  /**
   * What waits to be sent to one peer; `send` throws `OUTPUT_FULL` instead of exceeding it. One message that is longer by itself is
   * taken when less than a quarter waits. Default 16 MiB.
   */
  readonly outputBytesMax?: number
  /** So much output is written at once, without waiting for the end of the event loop's turn. Default 64 KiB. */
  readonly flushBytesMax?: number
  /** A peer that accepts no byte for so long, while some wait, is dropped. Default 60,000. */
  readonly stallMs?: number
  /** The longest frame taken from a peer. Default 128 MiB. */
  readonly frameBytesMax?: number
  /** The longest message taken from a peer, or sent to one. Default 256 MiB. */
  readonly messageBytesMax?: number
  /** More messages than this in a mailbox end its process. Default 10,000,000. */
  readonly mailboxMessagesMax?: number
  /** Messages that processes may take before timers and sockets get their turn. Default 2,000. */
  readonly turnMessagesMax?: number
  /** Requests of this node's processes for processes on other nodes that wait for their answer; further ones are refused. Default 100,000. */
  readonly spawnRequestsMax?: number
  /**
   * In the middle of a conversation with a peer the event loop stays awake for so long after a message, instead of going to sleep:
   * answers come sooner, and the processor has less rest. 0: never, for containers with little of it. Default 0.2.
   */
  readonly busyWaitMs?: number
}

/** The bounds of a node, with their defaults filled in. */
export interface NodeLimits {
  readonly netTickTimeMs: number
  readonly handshakeMs: number
  readonly unauthenticatedMax: number
  readonly outputBytesMax: number
  readonly flushBytesMax: number
  readonly stallMs: number
  readonly frameBytesMax: number
  readonly messageBytesMax: number
  readonly mailboxMessagesMax: number
  readonly turnMessagesMax: number
  readonly spawnRequestsMax: number
  readonly busyWaitMs: number
}

const MEBIBYTE = 1024 * 1024

const DEFAULTS: NodeLimits = {
  netTickTimeMs: 60_000,
  handshakeMs: 7_000,
  unauthenticatedMax: 100,
  outputBytesMax: 16 * MEBIBYTE,
  flushBytesMax: 64 * 1024,
  stallMs: 60_000,
  frameBytesMax: 128 * MEBIBYTE,
  messageBytesMax: 256 * MEBIBYTE,
  mailboxMessagesMax: 10_000_000,
  turnMessagesMax: 2_000,
  spawnRequestsMax: 100_000,
  busyWaitMs: 0.2,
}

/** A cookie is an atom to OTP, and so has at most so many characters. */
const COOKIE_CHARACTERS_MAX = 255

/** @throws DistributionError `OPTION_INVALID` */
export function limitsOf(init: NodeInit): NodeLimits {
  const limits: { -readonly [Name in keyof NodeLimits]: NodeLimits[Name] } = { ...DEFAULTS }
  for (const name of Object.keys(DEFAULTS) as (keyof NodeLimits)[]) {
    const value = init[name]
    if (value === undefined) continue
    const zeroIsAllowed = name === 'busyWaitMs'
    if (typeof value !== 'number' || !(value > 0 || (value === 0 && zeroIsAllowed))) {
      throw new DistributionError('OPTION_INVALID', `${name} must be a number above 0${zeroIsAllowed ? ', or 0' : ''}.`)
    }
    limits[name] = value
  }
  return limits
}

/** @throws DistributionError `OPTION_INVALID`; the message does not contain the cookie */
export function checkCookie(cookie: unknown): void {
  if (typeof cookie === 'string' && cookie.length > 0 && cookie.length <= COOKIE_CHARACTERS_MAX && isLatin1(cookie))
    return
  throw new DistributionError(
    'OPTION_INVALID',
    `The cookie must be a string of 1 to ${COOKIE_CHARACTERS_MAX} Latin-1 characters, the same in all nodes of the cluster.`,
  )
}

export function decoderInitOf(init: NodeInit): DecoderInit {
  return {
    ...(init.decoding !== undefined && { decoding: init.decoding }),
    ...(init.binaries !== undefined && { binaries: init.binaries }),
  }
}

export function loggerOf(init: NodeInit): Logger {
  return init.logger === undefined ? silentLogger : init.logger.child({ node: init.name })
}

function isLatin1(text: string): boolean {
  return Buffer.from(text, 'latin1').toString('latin1') === text
}
