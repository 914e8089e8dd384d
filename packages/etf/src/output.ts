import { EncodeError } from './errors.ts'
import { viewOf } from './views.ts'

/** Buffer's own writer of UTF-8, without the argument checks of `write`: twice as fast on short strings. */
export type TextStore = Buffer & { utf8Write(text: string, offset: number, length: number): number }

interface Shared {
  readonly offset: number
  readonly bytes: Buffer
}

/** Bytes written one after the other into a buffer that grows, so that a term is never copied together from parts. */
export class Output {
  /** Memory of which some bytes at the start may have been handed out. */
  protected store: TextStore
  /** Index in the store of the next byte to write. */
  protected at = 0
  /** Index in the store of the first byte that was not handed out. */
  #base = 0
  /** Bytes that were not copied, and the offset at which each belongs. */
  #shared: Shared[] = []
  #view: Buffer | undefined = undefined
  /**
   * From this length on, bytes given to {@link writeBytes} are not copied but handed out by {@link takeParts} as they are, and count
   * in {@link sharedBytes} instead of `offset`. They must not change until the output has been used. Default: never.
   */
  shareBytesMin = Number.POSITIVE_INFINITY
  /** Bytes since the last {@link takeParts} that were not copied. */
  sharedBytes = 0
  readonly #initialBytes: number
  readonly #sizeBytesMax: number

  constructor(initialBytes: number, sizeBytesMax: number) {
    // Never more memory than the limit, which is then met exactly where the memory ends.
    this.#initialBytes = Math.min(initialBytes, sizeBytesMax)
    this.#sizeBytesMax = sizeBytesMax
    this.store = Buffer.allocUnsafeSlow(this.#initialBytes) as TextStore
  }

  /** Bytes written since construction or the last {@link take}. May be set back, to drop what was written last. */
  get offset(): number {
    return this.at - this.#base
  }

  set offset(offset: number) {
    this.at = this.#base + offset
    if (this.sharedBytes > 0) this.#unshare(offset)
  }

  /** What was written since the last {@link take}, and the room after it; another one after more bytes were needed. */
  get buffer(): Buffer {
    if (this.#view === undefined) this.#view = this.store.subarray(this.#base)
    return this.#view
  }

  /**
   * Makes room for so many more bytes; `buffer` may be another one after it.
   * @throws EncodeError `ETF_SIZE`
   */
  ensure(bytes: number): void {
    if (this.at + bytes > this.store.length) this.#grow(bytes)
  }

  /** Makes room for a header and the UTF-8 of a text. */
  protected ensureText(headerBytes: number, text: string): void {
    // Three bytes a code unit is the most that UTF-8 can need. Only where there is less room is it worth to count.
    if (this.at + headerBytes + 3 * text.length > this.store.length) this.ensure(headerBytes + Buffer.byteLength(text))
  }

  #grow(bytes: number): void {
    const written = this.at - this.#base
    const needed = written + bytes
    if (needed > this.#sizeBytesMax) {
      throw this.#tooLarge()
    }
    // Twice what is needed, so that a large term is copied only a few times while it grows.
    const doubled = Math.min(2 * needed, this.#sizeBytesMax)
    const grown = Buffer.allocUnsafeSlow(Math.max(doubled, this.#initialBytes)) as TextStore
    this.store.copy(grown, 0, this.#base, this.at)
    this.store = grown
    this.#base = 0
    this.at = written
    this.#view = undefined
  }

  /** Hands over what was written. The encoder never touches those bytes again, and goes on with the rest of its memory. */
  take(): Buffer {
    if (this.sharedBytes > 0) return Buffer.concat(this.takeParts())
    return this.#takeWritten()
  }

  /** As {@link take}; what was not copied stands between the parts that were. */
  takeParts(): Buffer[] {
    const shared = this.#shared
    const written = this.#takeWritten()
    if (shared.length === 0) return [written]
    this.#shared = []
    this.sharedBytes = 0
    const parts: Buffer[] = []
    let from = 0
    for (const { offset, bytes } of shared) {
      if (offset > from) parts.push(written.subarray(from, offset))
      parts.push(bytes)
      from = offset
    }
    if (from < written.length) parts.push(written.subarray(from))
    return parts
  }

  #takeWritten(): Buffer {
    const { buffer, byteOffset } = this.store
    const taken = viewOf(buffer, byteOffset + this.#base, this.at - this.#base)
    this.#base = this.at
    this.#view = undefined
    return taken
  }

  writeUint8(value: number): void {
    this.ensure(1)
    this.store[this.at++] = value
  }

  writeUint16(value: number): void {
    this.ensure(2)
    const store = this.store
    store[this.at++] = value >>> 8
    store[this.at++] = value
  }

  writeUint32(value: number): void {
    this.ensure(4)
    this.setUint32(this.at, value)
    this.at += 4
  }

  writeUint64(value: bigint): void {
    this.ensure(8)
    this.store.writeBigUInt64BE(value, this.at)
    this.at += 8
  }

  writeBytes(bytes: Uint8Array): void {
    const length = bytes.length
    if (length >= this.shareBytesMin) {
      this.#share(bytes)
      return
    }
    this.ensure(length)
    if (length > 48) this.store.set(bytes, this.at)
    else for (let i = 0, store = this.store, at = this.at; i < length; i++) store[at + i] = bytes[i]!
    this.at += length
  }

  #share(bytes: Uint8Array): void {
    this.sharedBytes += bytes.length
    if (this.offset + this.sharedBytes > this.#sizeBytesMax) {
      this.sharedBytes -= bytes.length
      throw this.#tooLarge()
    }
    this.#shared.push({
      offset: this.offset,
      bytes: Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length),
    })
  }

  /** What was shared after this offset is dropped. (What is shared never comes first: a tag and a length precede it.) */
  #unshare(offset: number): void {
    for (let last = this.#shared.at(-1); last !== undefined && last.offset > offset; last = this.#shared.at(-1)) {
      this.sharedBytes -= last.bytes.length
      this.#shared.pop()
    }
  }

  #tooLarge(): EncodeError {
    return new EncodeError('ETF_SIZE', '$', `the bytes exceed the limit of ${this.#sizeBytesMax} (sizeBytesMax)`)
  }

  /** Writes over four bytes that were written before, such as a length that is known only now; `at` is as `offset` was. */
  patchUint32(at: number, value: number): void {
    this.setUint32(this.#base + at, value)
  }

  /** Four bytes at an index of the store, where there is room. */
  protected setUint32(index: number, value: number): void {
    const store = this.store
    store[index] = value >>> 24
    store[index + 1] = value >>> 16
    store[index + 2] = value >>> 8
    store[index + 3] = value
  }
}
