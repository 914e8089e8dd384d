import { KubernetesError } from '../errors.ts'

const NEWLINE = 0x0a

/** Cuts bytes into lines, wherever the bytes themselves were cut. */
export class LineSplitter {
  readonly #lineBytesMax: number
  #pending: Uint8Array[] = []
  #pendingBytes = 0

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /** Bytes of a line whose end has not come. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /**
   * The lines that these bytes complete, without their newline; empty ones are left out.
   * @throws KubernetesError `RESPONSE_TOO_LARGE`
   */
  *push(chunk: Uint8Array): Generator<string, void, undefined> {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end))
      start = end + 1
      // Decoded only here, when whole: a character may be cut as well.
      const line = Buffer.concat(this.#pending, this.#pendingBytes).toString('utf8')
      this.#pending = []
      this.#pendingBytes = 0
      if (line.trim() !== '') yield line
    }
    this.#keep(chunk.subarray(start))
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > this.#lineBytesMax) {
      throw new KubernetesError(
        'RESPONSE_TOO_LARGE',
        `One event of a watch has more than ${this.#lineBytesMax} bytes. Raise eventBytesMax, or find out what it is.`,
      )
    }
    this.#pending.push(bytes)
  }
}
