import { DistributionError } from './errors.ts'

export interface FrameReaderInit {
  /** Bytes of the length in front of each frame: 2 in a handshake over TCP; 4 afterwards, and over TLS always. */
  readonly lengthBytes: 2 | 4
  /** The longest frame taken, without its length. */
  readonly frameBytesMax: number
}

/**
 * `bytes` is valid during the call only: whoever keeps a frame copies it, unless it is `owned`, and then belongs to whoever takes it.
 */
export type OnFrame = (bytes: Buffer, start: number, end: number, owned: boolean) => void

const EMPTY = Buffer.alloc(0)
/** What is kept between frames for those that arrive in several chunks. Above it, memory goes back after each frame. */
const KEPT_BYTES_MAX = 64 * 1024
/** Memory for a frame of at most this length does not wait for its bytes. */
const AT_ONCE_BYTES_MAX = 256 * 1024

/**
 * Cuts a stream of bytes into frames, however the stream was chunked. A frame that lies in one chunk is handed on where it lies.
 * One that does not is collected in a buffer which grows with what has really arrived, never with what a length claims.
 *
 * `lengthBytes` and `frameBytesMax` may be changed between frames, also from within `onFrame`: the next frame obeys them.
 */
export class FrameReader {
  lengthBytes: 2 | 4
  frameBytesMax: number
  #partial: Buffer = EMPTY
  #partialBytes = 0
  /** Length of the frame being collected, with its length bytes; 0 as long as it is not known. */
  #wantedBytes = 0

  constructor(init: FrameReaderInit) {
    this.lengthBytes = init.lengthBytes
    this.frameBytesMax = init.frameBytesMax
  }

  /** Bytes of a frame of which the rest has not arrived. */
  get partialBytes(): number {
    return this.#partialBytes
  }

  /**
   * Takes the next bytes of the stream and hands on each frame that they complete. What `onFrame` throws passes through, and
   * the reader is then of no further use.
   * @throws DistributionError `FRAME_TOO_LARGE`
   */
  push(chunk: Buffer, onFrame: OnFrame): void {
    let offset = this.#partialBytes > 0 ? this.#complete(chunk, onFrame) : 0
    const end = chunk.length
    while (offset + this.lengthBytes <= end) {
      const frameBytes = this.#frameBytes(chunk, offset)
      const start = offset + this.lengthBytes
      if (start + frameBytes > end) {
        this.#wantedBytes = this.lengthBytes + frameBytes
        break
      }
      offset = start + frameBytes
      onFrame(chunk, start, offset, false)
    }
    if (offset < end) this.#keep(chunk, offset, end)
  }

  /** Takes what the frame begun earlier lacks; returns how much of the chunk that was. */
  #complete(chunk: Buffer, onFrame: OnFrame): number {
    let offset = 0
    if (this.#wantedBytes === 0) {
      offset = Math.min(this.lengthBytes - this.#partialBytes, chunk.length)
      this.#keep(chunk, 0, offset)
      if (this.#partialBytes < this.lengthBytes) return offset
      this.#wantedBytes = this.lengthBytes + this.#frameBytes(this.#partial, 0)
    }
    const missing = this.#wantedBytes - this.#partialBytes
    const taken = Math.min(missing, chunk.length - offset)
    this.#keep(chunk, offset, offset + taken)
    if (taken < missing) return offset + taken

    const frame = this.#partial
    const start = this.lengthBytes
    const end = this.#wantedBytes
    this.#partialBytes = 0
    this.#wantedBytes = 0
    const owned = frame.length > KEPT_BYTES_MAX
    if (owned) this.#partial = EMPTY
    onFrame(frame, start, end, owned)
    return offset + taken
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const needed = this.#partialBytes + end - start
    if (needed > this.#partial.length) {
      // Doubling keeps the copying linear in the length of the frame; the frame's own length caps it.
      const doubled = Math.max(needed, this.#partial.length * 2, 1024)
      // What is not much is allocated at once, though: it is what the fragments of OTP and the frames of most messages are.
      const claimed = this.#wantedBytes <= AT_ONCE_BYTES_MAX ? this.#wantedBytes : Math.min(doubled, this.#wantedBytes)
      const capacity = this.#wantedBytes === 0 ? doubled : Math.max(needed, claimed)
      const grown = Buffer.allocUnsafeSlow(capacity)
      this.#partial.copy(grown, 0, 0, this.#partialBytes)
      this.#partial = grown
    }
    chunk.copy(this.#partial, this.#partialBytes, start, end)
    this.#partialBytes = needed
  }

  #frameBytes(bytes: Buffer, at: number): number {
    const length =
      this.lengthBytes === 4
        ? (bytes[at] as number) * 0x1000000 +
          (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
        : ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
    if (length > this.frameBytesMax) {
      throw new DistributionError(
        'FRAME_TOO_LARGE',
        `The peer announced a frame of ${length} bytes, more than frameBytesMax (${this.frameBytesMax}) allows. ` +
          'Raise frameBytesMax if such messages are wanted; else the peer does not speak this protocol.',
      )
    }
    return length
  }
}
