import { once } from 'node:events'
import type { Socket } from 'node:net'
import { FrameReader } from '../../src/frames.ts'
import type { HandshakeEffect, Peer } from '../../src/handshake/effects.ts'

const patienceMs = 60_000

/** One side of a handshake: `Dialler` and `Acceptor` both. */
interface Handshake {
  receive(bytes: Buffer, start: number, end: number): HandshakeEffect[]
}

/** A socket that speaks the protocol frame by frame, with every byte in the hands of the test. */
export class FakePeer {
  readonly socket: Socket
  /** The frames that arrived and were not taken, without their lengths. */
  readonly received: Buffer[] = []
  readonly #reader = new FrameReader({ lengthBytes: 2, frameBytesMax: 2 ** 28 })
  #wake: () => void = () => {}
  #closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk, (bytes, start, end) => {
        // A tick is no answer.
        if (end > start) this.received.push(Buffer.from(bytes.subarray(start, end)))
        // A proof of the cookie ends the handshake of a dialler: the rest of the chunk may have longer lengths already.
        if (bytes[start] === 0x61) this.#reader.lengthBytes = 4
      })
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Sends one frame. */
  send(frame: Uint8Array): void {
    this.socket.write(framed([frame], this.#reader.lengthBytes))
  }

  /** The next frame, or undefined when the connection was closed before one came. Either is waited for a minute. */
  async receive(): Promise<Buffer | undefined> {
    while (this.received.length === 0 && !this.#closed) {
      await new Promise<void>((resolve, reject) => {
        const late = () => reject(new Error(`the node neither answered nor closed the connection in ${patienceMs} ms`))
        const timer = setTimeout(late, patienceMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.received.shift()
  }

  /** Carries out a handshake, and then speaks with lengths of 4 bytes. Gives the frames that the peer sent. */
  async handshake(handshake: Handshake, first: HandshakeEffect[] = []): Promise<{ peer: Peer; frames: Buffer[] }> {
    const frames: Buffer[] = []
    let effects = first
    for (;;) {
      for (const effect of effects) {
        if (effect.type === 'failed') throw effect.error
        if (effect.type === 'send') this.send(effect.bytes)
        else {
          this.#reader.lengthBytes = 4
          return { peer: effect.peer, frames }
        }
      }
      const frame = await this.receive()
      if (frame === undefined) throw new Error('the peer closed the connection during the handshake')
      frames.push(frame)
      effects = handshake.receive(frame, 0, frame.length)
    }
  }

  /**
   * Sends the last bytes there will be, so that a node that waits for more learns that there is none, and waits until it has
   * closed the connection.
   */
  async finish(bytes: Uint8Array): Promise<void> {
    this.socket.end(bytes)
    while ((await this.receive()) !== undefined);
  }

  /** Closes without TIME_WAIT, so that a million connections do not use up the ports. */
  async reset(): Promise<void> {
    if (this.#closed) return
    this.socket.resetAndDestroy()
    await once(this.socket, 'close')
  }
}

/** The bytes of these frames with their lengths in front. */
export function framed(frames: readonly Uint8Array[], lengthBytes: 2 | 4): Buffer {
  const bytes = Buffer.allocUnsafe(frames.reduce((sum, frame) => sum + lengthBytes + frame.length, 0))
  let offset = 0
  for (const frame of frames) {
    bytes.writeUIntBE(frame.length, offset, lengthBytes)
    bytes.set(frame, offset + lengthBytes)
    offset += lengthBytes + frame.length
  }
  return bytes
}
