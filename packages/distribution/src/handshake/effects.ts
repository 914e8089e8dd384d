import { DistributionError } from '../errors.ts'
import type { FlagName } from '../flags.ts'

/** What a handshake asks of the connection it runs on. After `established` or `failed` there are no more. */
export type HandshakeEffect =
  /** Send these bytes as one frame: the length, 2 bytes (4 over TLS), is still to be put in front. */
  | { readonly type: 'send'; readonly bytes: Buffer }
  /** Both sides know the cookie. From the next byte on frames have a 4-byte length. */
  | { readonly type: 'established'; readonly peer: Peer }
  /** Send what was asked to be sent before, then close. */
  | { readonly type: 'failed'; readonly error: DistributionError }

/** What the handshake found out about the other side. */
export interface Peer {
  readonly name: string
  /** Tells incarnations of one name apart: pids of another creation belong to a dead node. */
  readonly creation: number
  /** The peer's flags, MANDATORY_25_DIGEST spelt out. */
  readonly flags: bigint
  /** The flags that both sides set: what may be used on this link. */
  readonly negotiated: bigint
  /** The peer has lost an earlier connection that still looks alive here: that one must be dropped before this one is taken up. */
  readonly replaces: boolean
}

export function sendEffect(bytes: Buffer): HandshakeEffect {
  return { type: 'send', bytes }
}

export function failedEffect(error: DistributionError): HandshakeEffect {
  return { type: 'failed', error }
}

export function flagsMissing(peerName: string, missing: readonly FlagName[]): DistributionError {
  return new DistributionError(
    'PEER_FLAGS_MISSING',
    `${peerName} cannot do what this protocol version demands: ${missing.join(', ')}. ` +
      'OTP 24 is the oldest release that can; update the peer.',
  )
}
