import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'

interface Waiting {
  resolve(bytes: Buffer): void
  reject(error: Error): void
}

/** Requests to `peer/tiebeam_peer.erl`; the file describes the frames. */
export type RequestKind = 'e' | 't' | 'x' | 'c' | 'l'

/** What failed in the evaluated code; the message is Erlang's description with its stack. */
export class ErlangError extends Error {
  override readonly name = 'ErlangError'
}

/**
 * Requests and answers over a stream of frames with a 4-byte length (`{packet, 4}`). Emits 'message' with the bytes of
 * each `tiebeam_peer:emit/1`.
 */
export class PeerChannel extends EventEmitter<{ message: [Buffer] }> {
  readonly #stream: Duplex
  readonly #waiting = new Map<number, Waiting>()
  #chunks: Buffer[] = []
  #buffered = 0
  #frameBytes = 4
  #lastId = 0
  #closed: Error | undefined

  constructor(stream: Duplex) {
    super()
    this.#stream = stream
    // Id 0 announces itself when the far end is up.
    this.ready = new Promise((resolve, reject) => this.#waiting.set(0, { resolve: () => resolve(), reject }))
    this.ready.catch(() => {})
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('error', () => this.close(new Error('the Erlang node closed its channel')))
    stream.on('close', () => this.close(new Error('the Erlang node closed its channel')))
  }

  readonly ready: Promise<void>

  request(kind: RequestKind, name: string, body: Uint8Array): Promise<Buffer> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    this.#lastId += 1
    const id = this.#lastId
    const nameBytes = Buffer.from(name)
    const head = Buffer.alloc(10 + nameBytes.length)
    head.writeUInt32BE(6 + nameBytes.length + body.length, 0)
    head.writeUInt32BE(id, 4)
    head.write(kind, 8, 'latin1')
    head.writeUInt8(nameBytes.length, 9)
    nameBytes.copy(head, 10)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#stream.write(head)
      this.#stream.write(body)
    })
  }

  /** Fails every open and every later request with this error. */
  close(error: Error): void {
    this.#closed ??= error
    for (const waiting of this.#waiting.values()) waiting.reject(this.#closed)
    this.#waiting.clear()
    this.#stream.destroy()
  }

  // Chunks are joined once per frame, however many they are.
  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    while (this.#buffered >= this.#frameBytes) {
      let all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
      this.#frameBytes = 4
      while (all.length >= 4) {
        const end = 4 + all.readUInt32BE(0)
        if (all.length < end) {
          this.#frameBytes = end
          break
        }
        this.#frame(all.subarray(4, end))
        all = all.subarray(end)
      }
      this.#chunks = all.length === 0 ? [] : [all]
      this.#buffered = all.length
    }
  }

  #frame(frame: Buffer): void {
    const id = frame.readUInt32BE(0)
    const kind = String.fromCharCode(frame.readUInt8(4))
    const body = frame.subarray(5)
    if (kind === 'm') {
      this.emit('message', body)
      return
    }
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (kind === 'r') waiting?.resolve(body)
    else waiting?.reject(new ErlangError(body.toString()))
  }
}
