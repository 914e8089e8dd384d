import type { Socket } from 'node:net'
import { DistributionError } from '../errors.ts'
import type { FrameReader } from '../frames.ts'
import type { Acceptor } from '../handshake/acceptor.ts'
import type { Peer } from '../handshake/effects.ts'
import { type Listener, listen } from '../transport/listen.ts'
import type { TlsInit } from '../transport/tls.ts'
import { type FrameSink, Handshaking } from './handshaking.ts'

export interface CallersInit {
  readonly address: string
  readonly port: number
  readonly tls: TlsInit | undefined
  readonly handshakeMs: number
  readonly unauthenticatedMax: number
  readonly makeAcceptor: () => Acceptor
  readonly onEstablished: (socket: Socket, peer: Peer, frames: FrameReader) => FrameSink
  /** A caller was turned away, or gave up. */
  readonly onRefused: (error: DistributionError, remoteAddress: string | undefined, claimedName?: string) => void
}

interface Caller {
  readonly acceptor: Acceptor
  handshaking: Handshaking | undefined
}

/** Listens for other nodes, and keeps those that have not proved anything within bounds of number, time and size. */
export class Callers {
  readonly #init: CallersInit
  readonly #callers = new Set<Caller>()
  #listener: Listener | undefined

  /** @throws DistributionError `LISTEN_FAILED` */
  static async listen(init: CallersInit): Promise<Callers> {
    const callers = new Callers(init)
    callers.#listener = await listen({
      address: init.address,
      port: init.port,
      tls: init.tls,
      onConnection: (socket) => callers.#accept(socket),
      onTlsError: (cause, remoteAddress) => {
        const error = new DistributionError('TLS_FAILED', `A caller's TLS handshake failed: ${cause.message}.`, {
          cause,
        })
        init.onRefused(error, remoteAddress)
      },
    })
    return callers
  }

  private constructor(init: CallersInit) {
    this.#init = init
  }

  get port(): number {
    return this.#listener?.port ?? 0
  }

  get count(): number {
    return this.#callers.size
  }

  /** Whether somebody who calls itself so is in the middle of its handshake. */
  has(name: string): boolean {
    for (const { acceptor } of this.#callers) if (acceptor.peerName === name) return true
    return false
  }

  async close(reason: DistributionError): Promise<void> {
    await this.#listener?.close()
    for (const { handshaking } of [...this.#callers]) handshaking?.abort(reason)
  }

  #accept(socket: Socket): void {
    const { remoteAddress } = socket
    if (this.#callers.size >= this.#init.unauthenticatedMax) {
      socket.on('error', () => {})
      socket.destroy()
      const text = `More than unauthenticatedMax (${this.#init.unauthenticatedMax}) callers are in their handshake; one was turned away.`
      this.#init.onRefused(new DistributionError('CONNECTION_LIMIT', text), remoteAddress)
      return
    }
    const caller: Caller = { acceptor: this.#init.makeAcceptor(), handshaking: undefined }
    this.#callers.add(caller)
    caller.handshaking = new Handshaking({
      socket,
      machine: caller.acceptor,
      lengthBytes: this.#init.tls === undefined ? 2 : 4,
      timeoutMs: this.#init.handshakeMs,
      onEstablished: (peer, frames) => {
        this.#callers.delete(caller)
        return this.#init.onEstablished(socket, peer, frames)
      },
      onFailed: (error) => {
        this.#callers.delete(caller)
        this.#init.onRefused(error, remoteAddress, caller.acceptor.peerName)
      },
    })
  }
}
