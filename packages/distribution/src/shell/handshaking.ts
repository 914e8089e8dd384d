import type { Socket } from 'node:net'
import { DistributionError } from '../errors.ts'
import { FrameReader } from '../frames.ts'
import type { HandshakeEffect, Peer } from '../handshake/effects.ts'
import { HANDSHAKE_FRAME_BYTES_MAX } from '../handshake/packets.ts'

/** Either side of a handshake. */
interface HandshakeMachine {
  start?(): HandshakeEffect[]
  receive(bytes: Buffer, start: number, end: number): HandshakeEffect[]
  closed(cause?: unknown): HandshakeEffect[]
  expired(): HandshakeEffect[]
}

/** Where frames go after the handshake. */
export interface FrameSink {
  frame(bytes: Buffer, start: number, end: number, owned: boolean): void
  close(reason: DistributionError): void
}

export interface HandshakingInit {
  readonly socket: Socket
  readonly machine: HandshakeMachine
  /** 2, or 4 over TLS. */
  readonly lengthBytes: 2 | 4
  readonly timeoutMs: number
  /**
   * The peer has proved itself. Called before anything else from the peer is looked at, and with its listeners taken off the socket:
   * the sink attaches its own. Frames that came in the same chunk are handed to it.
   */
  readonly onEstablished: (peer: Peer, frames: FrameReader) => FrameSink
  /** The handshake failed; the socket closes. Called once, and not after `onEstablished`. */
  readonly onFailed: (error: DistributionError) => void
}

/** Runs a handshake over a socket. */
export class Handshaking {
  readonly #init: HandshakingInit
  readonly #frames: FrameReader
  readonly #timer: NodeJS.Timeout
  #sink: FrameSink | undefined
  #done = false

  constructor(init: HandshakingInit) {
    this.#init = init
    this.#frames = new FrameReader({ lengthBytes: init.lengthBytes, frameBytesMax: HANDSHAKE_FRAME_BYTES_MAX })
    this.#timer = setTimeout(() => this.#carryOut(init.machine.expired()), init.timeoutMs)
    init.socket.on('data', this.#onData).on('error', this.#onError).on('end', this.#onEnd).on('close', this.#onEnd)
    this.#carryOut(init.machine.start?.() ?? [])
  }

  /** Ends it from our side; `onFailed` is called with the reason. */
  abort(reason: DistributionError): void {
    this.#fail(reason)
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.#frames.push(chunk, this.#onFrame)
    } catch (error) {
      const reason =
        error instanceof DistributionError
          ? error
          : new DistributionError('MESSAGE_MALFORMED', 'What a peer sent could not be handled.', { cause: error })
      if (this.#sink !== undefined) this.#sink.close(reason)
      else this.#fail(reason)
    }
  }

  readonly #onFrame = (bytes: Buffer, start: number, end: number, owned: boolean): void => {
    if (this.#sink !== undefined) this.#sink.frame(bytes, start, end, owned)
    else if (!this.#done) this.#carryOut(this.#init.machine.receive(bytes, start, end))
  }

  readonly #onError = (cause: Error): void => this.#carryOut(this.#init.machine.closed(cause))
  readonly #onEnd = (): void => this.#carryOut(this.#init.machine.closed())

  #carryOut(effects: HandshakeEffect[]): void {
    for (const effect of effects) {
      if (this.#done) return
      switch (effect.type) {
        case 'send':
          this.#send(effect.bytes)
          break
        case 'established':
          this.#finish()
          this.#sink = this.#init.onEstablished(effect.peer, this.#frames)
          break
        case 'failed':
          this.#fail(effect.error)
          break
      }
    }
  }

  #send(bytes: Buffer): void {
    const frame = Buffer.alloc(this.#init.lengthBytes + bytes.length)
    frame.writeUIntBE(bytes.length, 0, this.#init.lengthBytes)
    bytes.copy(frame, this.#init.lengthBytes)
    this.#init.socket.write(frame)
  }

  #fail(error: DistributionError): void {
    if (this.#done) return
    this.#finish()
    const { socket } = this.#init
    socket.on('error', () => {})
    socket.resume()
    // What was sent before tells the peer why, so it must get out; a peer that does not read it does not keep the socket.
    socket.destroySoon()
    setTimeout(() => socket.destroy(), 1_000).unref()
    this.#init.onFailed(error)
  }

  #finish(): void {
    this.#done = true
    clearTimeout(this.#timer)
    const { socket } = this.#init
    socket.off('data', this.#onData).off('error', this.#onError).off('end', this.#onEnd).off('close', this.#onEnd)
  }
}
