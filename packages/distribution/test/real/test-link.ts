import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Encoder } from '@tiebeam/etf'
import type { Scope } from '@tiebeam/testing'
import { FrameReader } from '../../src/frames.ts'
import { Acceptor, type AcceptorInit } from '../../src/handshake/acceptor.ts'
import { Dialler, type DiallerInit } from '../../src/handshake/dialler.ts'
import type { HandshakeEffect, Peer } from '../../src/handshake/effects.ts'
import { HANDSHAKE_FRAME_BYTES_MAX } from '../../src/handshake/packets.ts'
import { MessageReader } from '../../src/message/reader.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import type { Signal } from '../../src/signals.ts'

export const creation = 0x5eed

/** The protocol without a node around it: a link whose every signal the test sends and sees. Answers ticks with ticks. */
export class TestLink {
  readonly socket: Socket
  readonly peer: Peer
  /** Signals that arrived and were not taken. */
  readonly received: Signal[]
  readonly #writer: MessageWriter
  readonly #encoder = new Encoder()
  readonly #wake: { current: () => void }

  static dial(
    scope: Scope,
    socket: Socket,
    init: Omit<DiallerInit, 'challenge' | 'creation'>,
    tls = false,
  ): Promise<TestLink> {
    const dialler = new Dialler({ ...init, creation, challenge: randomBytes(4).readUInt32BE() })
    return establish(scope, socket, dialler, dialler.start(), tls)
  }

  static accept(
    scope: Scope,
    socket: Socket,
    init: Omit<AcceptorInit, 'challenge' | 'creation'>,
    tls = false,
  ): Promise<TestLink> {
    const acceptor = new Acceptor({ ...init, creation, challenge: randomBytes(4).readUInt32BE() })
    return establish(scope, socket, acceptor, [], tls)
  }

  constructor(socket: Socket, peer: Peer, received: Signal[], wake: { current: () => void }) {
    this.socket = socket
    this.peer = peer
    this.received = received
    this.#wake = wake
    this.#writer = new MessageWriter({ flags: peer.negotiated })
  }

  send(signal: Signal): void {
    const payloadAt = this.#writer.write(this.#encoder, signal)
    const frame = this.#encoder.take()
    if (payloadAt === 0) {
      this.socket.write(frame)
      return
    }
    const fragments = this.#writer.fragments(frame, payloadAt)
    for (let pieces = fragments.next(); pieces !== undefined; pieces = fragments.next()) {
      for (const piece of pieces) this.socket.write(piece)
      // Another message may come between any two fragments, even a tick.
      this.socket.write(Buffer.alloc(4))
    }
  }

  /** The next signal of this type; others are skipped. */
  async receive<Type extends Signal['type']>(type: Type): Promise<Extract<Signal, { type: Type }>> {
    for (;;) {
      const index = this.received.findIndex((signal) => signal.type === type)
      if (index >= 0) return this.received.splice(0, index + 1).at(-1) as Extract<Signal, { type: Type }>
      if (this.socket.destroyed) throw new Error(`the link was closed, and no ${type} had come`)
      await new Promise<void>((resolve) => {
        this.#wake.current = resolve
      })
    }
  }

  async close(): Promise<void> {
    if (this.socket.closed) return
    this.socket.destroy()
    await once(this.socket, 'close')
  }
}

/** Runs a handshake over a real connection, then reads signals from it. */
function establish(
  scope: Scope,
  socket: Socket,
  handshake: Dialler | Acceptor,
  first: HandshakeEffect[],
  tls: boolean,
): Promise<TestLink> {
  scope.after(() => socket.destroy())
  const frames = new FrameReader({ lengthBytes: tls ? 4 : 2, frameBytesMax: HANDSHAKE_FRAME_BYTES_MAX })
  const messages = new MessageReader()
  const received: Signal[] = []
  const wake = { current: () => {} }
  let link: TestLink | undefined
  return new Promise((resolve, reject) => {
    const carryOut = (effects: readonly HandshakeEffect[]): void => {
      for (const effect of effects) {
        switch (effect.type) {
          case 'send': {
            const length = Buffer.alloc(tls ? 4 : 2)
            length.writeUIntBE(effect.bytes.length, 0, length.length)
            socket.write(Buffer.concat([length, effect.bytes]))
            break
          }
          case 'established':
            frames.lengthBytes = 4
            frames.frameBytesMax = 1 << 28
            link = new TestLink(socket, effect.peer, received, wake)
            resolve(link)
            break
          case 'failed':
            socket.end()
            reject(effect.error)
        }
      }
    }
    socket.on('data', (chunk: Buffer) => {
      try {
        frames.push(chunk, (bytes, start, end) => {
          if (link === undefined) {
            carryOut(handshake.receive(bytes, start, end))
            return
          }
          if (start === end) socket.write(Buffer.alloc(4))
          const signal = messages.read(bytes, start, end)
          if (signal !== undefined) received.push(signal)
        })
      } catch (error) {
        socket.destroy()
        reject(error as Error)
      }
      wake.current()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      carryOut(handshake.closed())
      wake.current()
    })
    carryOut(first)
  })
}
