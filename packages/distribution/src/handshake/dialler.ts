import { DistributionError } from '../errors.ts'
import { expandFlags, missingFlags, negotiate, OFFERED_FLAGS } from '../flags.ts'
import { quoteName } from '../node-name.ts'
import { digest, isDigest } from './digest.ts'
import { failedEffect, flagsMissing, type HandshakeEffect, sendEffect } from './effects.ts'
import {
  type ChallengePacket,
  decodeAck,
  decodeChallenge,
  decodeStatus,
  encodeName,
  encodeReply,
  encodeStatus,
} from './packets.ts'

export interface DiallerInit {
  /** Our own name. */
  readonly name: string
  readonly creation: number
  readonly cookie: string
  /** The name that was dialled: another one is not accepted. */
  readonly peerName: string
  /** 32 bits from a cryptographic source, new for each handshake. */
  readonly challenge: number
  /** Default: {@link OFFERED_FLAGS}. */
  readonly flags?: bigint
  /**
   * Asked when the peer believes that an earlier connection to us is alive. True (the default) when there is none as far as we know:
   * the peer then drops its old one. False when another connection came up in the meantime: this attempt ends.
   */
  readonly isStillWanted?: () => boolean
}

type State = 'start' | 'status' | 'challenge' | 'ack' | 'done'

/** The dialling side of a handshake, as a state machine: packets in, effects out. No method throws. */
export class Dialler {
  readonly peerName: string
  readonly #name: string
  readonly #creation: number
  readonly #cookie: string
  readonly #challenge: number
  readonly #flags: bigint
  readonly #isStillWanted: () => boolean
  #state: State = 'start'
  #replaces = false
  #offer: ChallengePacket | undefined

  constructor(init: DiallerInit) {
    this.peerName = init.peerName
    this.#name = init.name
    this.#creation = init.creation
    this.#cookie = init.cookie
    this.#challenge = init.challenge
    this.#flags = init.flags ?? OFFERED_FLAGS
    this.#isStillWanted = init.isStillWanted ?? (() => true)
  }

  /** To be called once, when the connection stands. */
  start(): HandshakeEffect[] {
    this.#state = 'status'
    return [sendEffect(encodeName({ flags: this.#flags, creation: this.#creation, name: this.#name }))]
  }

  /** Takes one frame from the peer, without its length. */
  receive(bytes: Buffer, start = 0, end = bytes.length): HandshakeEffect[] {
    const packet = bytes.subarray(start, end)
    try {
      switch (this.#state) {
        case 'status':
          return this.#takeStatus(decodeStatus(packet))
        case 'challenge':
          return this.#takeChallenge(decodeChallenge(packet))
        case 'ack':
          return this.#takeAck(decodeAck(packet))
        case 'start':
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
    if (this.#state === 'ack') {
      // The protocol has no word for it: a peer that ends at this very moment looks the same.
      const text = `${this.peerName} closed the connection after our proof of the cookie: it has another cookie, or another view of our name. Give both nodes the same cookie. (If it was stopped just then, that was all.)`
      return this.#fail(new DistributionError('COOKIE_MISMATCH', text, { cause }))
    }
    const text = `${this.peerName} closed the connection in the middle of the handshake (waiting for ${this.#due()}). Its log says why.`
    return this.#fail(new DistributionError('CONNECTION_CLOSED', text, { cause }))
  }

  /** The time allowed for a handshake is up. */
  expired(): HandshakeEffect[] {
    const text = `${this.peerName} took the connection but did not finish the handshake in time (waiting for ${this.#due()}).`
    return this.#fail(new DistributionError('HANDSHAKE_TIMEOUT', `${text} Is it overloaded, or does it use TLS?`))
  }

  #takeStatus(status: string): HandshakeEffect[] {
    switch (status) {
      case 'ok':
      case 'ok_simultaneous':
        this.#state = 'challenge'
        return []
      case 'alive':
        if (!this.#isStillWanted()) {
          const error = new DistributionError(
            'ALREADY_CONNECTED',
            `Another connection to ${this.peerName} came up first.`,
          )
          return [sendEffect(encodeStatus('false')), ...this.#fail(error)]
        }
        this.#replaces = true
        this.#state = 'challenge'
        return [sendEffect(encodeStatus('true'))]
      case 'nok':
        return this.#fail(
          new DistributionError(
            'SIMULTANEOUS_CONNECT',
            `${this.peerName} is dialling us at the same time, and its attempt has precedence: wait for that connection.`,
          ),
        )
      case 'not_allowed':
        return this.#fail(
          new DistributionError(
            'PEER_NOT_ALLOWED',
            `${this.peerName} does not allow ${this.#name} to connect: see net_kernel:allow/1 and the log there.`,
          ),
        )
      default:
        return this.#fail(
          new DistributionError(
            'HANDSHAKE_UNEXPECTED',
            `${this.peerName} answered with the unknown status ${JSON.stringify(status)}.`,
          ),
        )
    }
  }

  #takeChallenge(offer: ChallengePacket): HandshakeEffect[] {
    if (offer.name !== this.peerName) {
      return this.#fail(
        new DistributionError(
          'PEER_NAME_MISMATCH',
          `At the address of ${this.peerName} answers a node that calls itself ${quoteName(offer.name)}. ` +
            'Dial it by the name it has, or correct what DNS or EPMD says.',
        ),
      )
    }
    const missing = missingFlags(offer.flags)
    if (missing.length > 0) return this.#fail(flagsMissing(this.peerName, missing))
    this.#offer = offer
    this.#state = 'ack'
    const proof = digest(this.#cookie, offer.challenge)
    return [sendEffect(encodeReply({ challenge: this.#challenge, digest: proof }))]
  }

  #takeAck(proof: Buffer): HandshakeEffect[] {
    const offer = this.#offer as ChallengePacket
    if (!isDigest(proof, this.#cookie, this.#challenge)) {
      return this.#fail(
        new DistributionError(
          'COOKIE_MISMATCH',
          `${this.peerName} did not prove that it knows the cookie. Give both nodes the same cookie.`,
        ),
      )
    }
    this.#state = 'done'
    const peer = {
      name: offer.name,
      creation: offer.creation,
      flags: expandFlags(offer.flags),
      negotiated: negotiate(this.#flags, offer.flags),
      replaces: this.#replaces,
    }
    return [{ type: 'established', peer }]
  }

  #due(): string {
    return {
      start: 'the start',
      status: 'its status',
      challenge: 'its challenge',
      ack: 'its proof of the cookie',
      done: 'nothing',
    }[this.#state]
  }

  #fail(error: DistributionError): HandshakeEffect[] {
    if (this.#state === 'done') return []
    this.#state = 'done'
    return [failedEffect(error)]
  }
}
