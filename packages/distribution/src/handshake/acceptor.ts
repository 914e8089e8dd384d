import { DistributionError } from '../errors.ts'
import { expandFlags, hasFlag, MANDATORY_FLAGS, missingFlags, negotiate, OFFERED_FLAGS } from '../flags.ts'
import { isPeerName } from '../node-name.ts'
import { digest, isDigest } from './digest.ts'
import { failedEffect, flagsMissing, type HandshakeEffect, sendEffect } from './effects.ts'
import {
  type ComplementPacket,
  decodeComplement,
  decodeName,
  decodeReply,
  decodeStatus,
  encodeAck,
  encodeChallenge,
  encodeNamedStatus,
  encodeStatus,
  type NamePacket,
  type ReplyPacket,
} from './packets.ts'

/**
 * What the node makes of a peer that gave its name:
 * - `ok`: go on.
 * - `ok_simultaneous`: go on; we were dialling the peer ourselves, and drop that attempt.
 * - `nok`: end; we are dialling the peer ourselves, and our attempt has precedence, because our name is the greater.
 * - `alive`: there is a connection to it already; ask the peer whether that one is dead.
 * - `not_allowed`: end.
 * - a name: for a peer that asked for one (`dynamic`), and for no other.
 */
export type NameDecision =
  | 'ok'
  | 'ok_simultaneous'
  | 'nok'
  | 'alive'
  | 'not_allowed'
  | { readonly name: string; readonly creation: number }

export interface Claim {
  /** The name that the peer claims; when `dynamic`, only the host of the name that it asks for. */
  readonly name: string
  readonly flags: bigint
  readonly dynamic: boolean
}

export interface AcceptorInit {
  /** Our own name. */
  readonly name: string
  readonly creation: number
  readonly cookie: string
  /** 32 bits from a cryptographic source, new for each handshake. */
  readonly challenge: number
  /** Default: {@link OFFERED_FLAGS}. */
  readonly flags?: bigint
  /** Called once, with a claim that is well-formed; nothing about the peer is proved at that point. */
  readonly decide: (claim: Claim) => NameDecision
}

type State = 'name' | 'alive' | 'complement' | 'reply' | 'done'

/** The accepting side of a handshake, as a state machine: packets in, effects out. No method throws what `decide` does not throw. */
export class Acceptor {
  readonly #name: string
  readonly #creation: number
  readonly #cookie: string
  readonly #challenge: number
  readonly #flags: bigint
  readonly #decide: (claim: Claim) => NameDecision
  #state: State = 'name'
  #peerName: string | undefined
  #peerFlags = 0n
  #peerCreation = 0
  #old = false
  #replaces = false

  constructor(init: AcceptorInit) {
    this.#name = init.name
    this.#creation = init.creation
    this.#cookie = init.cookie
    this.#challenge = init.challenge
    this.#flags = init.flags ?? OFFERED_FLAGS
    this.#decide = init.decide
  }

  /** The name that the peer claimed, as soon as it did. */
  get peerName(): string | undefined {
    return this.#peerName
  }

  /** Takes one frame from the peer, without its length. */
  receive(bytes: Buffer, start = 0, end = bytes.length): HandshakeEffect[] {
    const packet = bytes.subarray(start, end)
    try {
      switch (this.#state) {
        case 'name':
          return this.#takeName(decodeName(packet))
        case 'alive':
          return this.#takeAliveAnswer(decodeStatus(packet))
        case 'complement':
          return this.#takeComplement(decodeComplement(packet))
        case 'reply':
          return this.#takeReply(decodeReply(packet))
        case 'done':
          return []
      }
    } catch (error) {
      if (error instanceof DistributionError) return this.#fail(error)
      throw error
    }
  }

  /** The connection ended before the handshake did. */
  closed(cause?: unknown): HandshakeEffect[] {
    const text = `${this.#who()} closed the connection in the middle of the handshake (waiting for ${this.#due()}).`
    return this.#fail(new DistributionError('CONNECTION_CLOSED', text, { cause }))
  }

  /** The time allowed for a handshake is up. */
  expired(): HandshakeEffect[] {
    const text = `${this.#who()} did not finish the handshake in time (waiting for ${this.#due()}).`
    return this.#fail(new DistributionError('HANDSHAKE_TIMEOUT', text))
  }

  #takeName(packet: NamePacket): HandshakeEffect[] {
    const dynamic = hasFlag(packet.flags, 'NAME_ME')
    if (dynamic ? !isPeerName(`dynamic@${packet.name}`) : !isPeerName(packet.name)) {
      return this.#fail(
        new DistributionError(
          'HANDSHAKE_MALFORMED',
          'A peer gave a name that no node can have; its connection was closed.',
        ),
      )
    }
    this.#peerName = packet.name
    this.#peerFlags = expandFlags(packet.flags)
    this.#peerCreation = packet.creation
    this.#old = packet.old

    // An old-style name packet has room for the lower half of the flags only: the other half is checked when it comes.
    const known = packet.old ? MANDATORY_FLAGS & 0xffffffffn : MANDATORY_FLAGS
    const missing = missingFlags(packet.flags, known)
    if (missing.length > 0) return this.#refuse(flagsMissing(packet.name, missing))
    if (packet.name === this.#name) {
      return this.#refuse(
        new DistributionError(
          'PEER_NOT_ALLOWED',
          `A peer calls itself ${this.#name}, which is our own name. Each node of a cluster needs a name of its own.`,
        ),
      )
    }
    return this.#carryOut(this.#decide({ name: packet.name, flags: this.#peerFlags, dynamic }), dynamic)
  }

  #carryOut(decision: NameDecision, dynamic: boolean): HandshakeEffect[] {
    if (typeof decision === 'object') {
      this.#peerName = decision.name
      this.#peerCreation = decision.creation
      return [sendEffect(encodeNamedStatus(decision)), ...this.#sendChallenge()]
    }
    if (dynamic && decision !== 'not_allowed') {
      return this.#refuse(
        new DistributionError(
          'DYNAMIC_NAME_REFUSED',
          `A peer on ${this.#peerName} asked for a name ("-name undefined"), and this node gives none. Start the peer with a name.`,
        ),
      )
    }
    switch (decision) {
      case 'ok':
      case 'ok_simultaneous':
        return [sendEffect(encodeStatus(decision)), ...this.#sendChallenge()]
      case 'alive':
        this.#state = 'alive'
        return [sendEffect(encodeStatus('alive'))]
      case 'nok': {
        const text = `${this.#peerName} dialled us while we dial it, and our attempt has precedence.`
        return [sendEffect(encodeStatus('nok')), ...this.#fail(new DistributionError('SIMULTANEOUS_CONNECT', text))]
      }
      case 'not_allowed':
        return this.#refuse(new DistributionError('PEER_NOT_ALLOWED', `${this.#peerName} is not allowed to connect.`))
    }
  }

  #takeAliveAnswer(answer: string): HandshakeEffect[] {
    if (answer === 'true') {
      this.#replaces = true
      return this.#sendChallenge()
    }
    if (answer === 'false') {
      const text = `${this.#peerName} dialled us although a connection between us is alive, and has taken that back.`
      return this.#fail(new DistributionError('ALREADY_CONNECTED', text))
    }
    const text = `${this.#peerName} answered "alive" with ${JSON.stringify(answer)}, not with true or false.`
    return this.#fail(new DistributionError('HANDSHAKE_UNEXPECTED', text))
  }

  #sendChallenge(): HandshakeEffect[] {
    this.#state = this.#old ? 'complement' : 'reply'
    return [
      sendEffect(
        encodeChallenge({
          flags: this.#flags,
          challenge: this.#challenge,
          creation: this.#creation,
          name: this.#name,
        }),
      ),
    ]
  }

  #takeComplement(packet: ComplementPacket): HandshakeEffect[] {
    this.#peerFlags = expandFlags(this.#peerFlags | (BigInt(packet.flagsHigh) << 32n))
    this.#peerCreation = packet.creation
    const missing = missingFlags(this.#peerFlags)
    if (missing.length > 0) return this.#fail(flagsMissing(this.#who(), missing))
    this.#state = 'reply'
    return []
  }

  #takeReply(packet: ReplyPacket): HandshakeEffect[] {
    if (!isDigest(packet.digest, this.#cookie, this.#challenge)) {
      const text = `${this.#peerName} did not prove that it knows the cookie. Give both nodes the same cookie.`
      return this.#fail(new DistributionError('COOKIE_MISMATCH', text))
    }
    this.#state = 'done'
    const peer = {
      name: this.#peerName as string,
      creation: this.#peerCreation,
      flags: this.#peerFlags,
      negotiated: negotiate(this.#flags, this.#peerFlags),
      replaces: this.#replaces,
    }
    return [sendEffect(encodeAck(digest(this.#cookie, packet.challenge))), { type: 'established', peer }]
  }

  #who(): string {
    return this.#peerName ?? 'A peer that had not given its name'
  }

  #due(): string {
    return {
      name: 'its name',
      alive: 'its answer to "alive"',
      complement: 'the rest of its flags',
      reply: 'its proof of the cookie',
      done: 'nothing',
    }[this.#state]
  }

  #refuse(error: DistributionError): HandshakeEffect[] {
    return [sendEffect(encodeStatus('not_allowed')), ...this.#fail(error)]
  }

  #fail(error: DistributionError): HandshakeEffect[] {
    if (this.#state === 'done') return []
    this.#state = 'done'
    return [failedEffect(error)]
  }
}
