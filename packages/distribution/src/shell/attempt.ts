import type { Socket } from 'node:net'
import type { AttemptStage } from '../connect-decision.ts'
import { DistributionError } from '../errors.ts'
import type { FrameReader } from '../frames.ts'
import type { Dialler } from '../handshake/dialler.ts'
import type { Peer } from '../handshake/effects.ts'
import type { NodeName } from '../node-name.ts'
import { dial } from '../transport/dial.ts'
import type { TlsInit } from '../transport/tls.ts'
import { dialRepeatedly } from './dial-repeatedly.ts'
import { type FrameSink, Handshaking } from './handshaking.ts'
import { locate, type PortSource } from './locate.ts'

export interface AttemptInit {
  readonly peer: NodeName
  readonly portSource: PortSource
  readonly tls: TlsInit | undefined
  /** For all of it, however often it dials. */
  readonly timeoutMs: number
  /** Between dials of one address, while none of them has succeeded. */
  readonly redialMs: number
  readonly makeDialler: () => Dialler
  /** Whether the peer is in the middle of connecting to us. */
  readonly isCalling: () => boolean
  readonly onEstablished: (socket: Socket, peer: Peer, frames: FrameReader) => FrameSink
  readonly onFailed: (error: DistributionError) => void
}

/** How long to wait before the peer, which said that it dials us, is dialled again; and between looks whether it still calls. */
const LOOK_MS = 20
const REDIAL_MS = 300

/**
 * One attempt to connect to a peer: finds it, dials it, shakes hands. When the peer connects to us at the same time, the attempt waits for
 * the outcome of that, and dials again if nothing comes of it. Ends with `onEstablished`, `onFailed`, or `cancel`.
 */
export class Attempt {
  readonly #init: AttemptInit
  readonly #deadlineMs: number
  #stage: AttemptStage = 'locating'
  #abort = new AbortController()
  #handshaking: Handshaking | undefined
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(init: AttemptInit) {
    this.#init = init
    this.#deadlineMs = performance.now() + init.timeoutMs
    if (init.isCalling()) this.#waitForCaller(undefined)
    else void this.#dial()
  }

  get stage(): AttemptStage {
    return this.#stage
  }

  /** The peer connects to us: wait for that instead. */
  yield(): void {
    if (this.#stage !== 'locating') return
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#waitForCaller(undefined)
  }

  /** Ends it without a word, because a connection stands, or is no longer wanted. */
  cancel(): void {
    this.#end()
    this.#handshaking?.abort(new DistributionError('CONNECT_FAILED', 'The attempt is no longer needed.'))
  }

  async #dial(): Promise<void> {
    const { peer, tls, portSource } = this.#init
    const { signal } = this.#abort
    const repeat = { everyMs: this.#init.redialMs, signal }
    this.#stage = 'locating'
    try {
      const location = await this.#withinTime(
        locate(peer, portSource, { ...repeat, timeoutMs: this.#leftMs() }),
        signal,
      )
      if (signal.aborted) return
      const where = { ...location, host: peer.host, tls, what: peer.name }
      const dialOnce = (one: AbortSignal): Promise<Socket> => dial({ ...where, timeoutMs: this.#leftMs(), signal: one })
      const socket = await dialRepeatedly(dialOnce, (late) => late.destroy(), repeat)
      if (signal.aborted) socket.destroy()
      else this.#shakeHands(socket)
    } catch (error) {
      if (signal.aborted) return
      this.#fail(
        error instanceof DistributionError
          ? error
          : new DistributionError('CONNECT_FAILED', `Connecting to ${peer.name} failed.`, { cause: error }),
      )
    }
  }

  #shakeHands(socket: Socket): void {
    this.#stage = 'handshaking'
    this.#handshaking = new Handshaking({
      socket,
      machine: this.#init.makeDialler(),
      lengthBytes: this.#init.tls === undefined ? 2 : 4,
      timeoutMs: this.#leftMs(),
      onEstablished: (peer, frames) => {
        this.#end()
        return this.#init.onEstablished(socket, peer, frames)
      },
      onFailed: (error) => {
        this.#handshaking = undefined
        if (this.#ended) return
        if (error.code === 'SIMULTANEOUS_CONNECT') this.#waitForCaller(error)
        else this.#fail(error)
      },
    })
  }

  /** Waits for the peer's own connection; dials again when there is none for a while. */
  #waitForCaller(reason: DistributionError | undefined): void {
    this.#stage = 'waiting'
    let quietMs = 0
    const look = (): void => {
      quietMs = this.#init.isCalling() ? 0 : quietMs + LOOK_MS
      if (this.#leftMs() <= 1) {
        this.#fail(reason ?? this.#timeout())
      } else if (quietMs >= REDIAL_MS || (quietMs > 0 && reason === undefined)) {
        void this.#dial()
      } else {
        this.#timer = setTimeout(look, LOOK_MS)
      }
    }
    this.#timer = setTimeout(look, LOOK_MS)
  }

  #withinTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#timeout()), this.#leftMs())
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
      }
      signal.addEventListener('abort', done)
      promise.then(resolve, reject).finally(done)
    })
  }

  #timeout(): DistributionError {
    const text = `${this.#init.peer.name} could not be reached within ${this.#init.timeoutMs} ms (handshakeMs).`
    return new DistributionError('CONNECT_TIMEOUT', text)
  }

  #leftMs(): number {
    return Math.max(1, this.#deadlineMs - performance.now())
  }

  #fail(error: DistributionError): void {
    if (this.#ended) return
    this.#end()
    this.#init.onFailed(error)
  }

  #end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#abort.abort()
  }
}
