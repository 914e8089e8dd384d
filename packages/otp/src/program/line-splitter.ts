import { Buffer } from 'node:buffer'

/** A line, or a piece of one that is too long. */
export interface Piece {
  readonly text: string
  /** Whether the line ends here. */
  readonly complete: boolean
}

const NEWLINE = 0x0a
const RETURN = 0x0d
/** The most that a character of UTF-8 has after its first byte. */
const CONTINUATION_BYTES_MAX = 3

/**
 * Cuts a stream of bytes into lines, whatever its chunks are. A line ends with LF or CR LF. Of a line with more than `lineBytesMax` bytes
 * (line end not counted) pieces of at most so many are given, none of which cuts a character.
 */
export class LineSplitter {
  readonly #lineBytesMax: number
  /** What has come of a line without an end, never more than one byte beyond the limit. */
  #rest: Buffer = Buffer.alloc(0)

  /** `lineBytesMax` is 4 at least, so that every character has room. */
  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /** The lines that this chunk completes. To be read to the end before the next chunk is given. */
  *push(chunk: Buffer): Generator<Piece> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const contentEnd = end > start && bytes[end - 1] === RETURN ? end - 1 : end
      const last = yield* this.#cut(bytes.subarray(start, contentEnd), this.#lineBytesMax)
      yield { text: last.toString(), complete: true }
      start = end + 1
    }
    // One byte beyond the limit may be the CR of a line end, so the next one is waited for.
    const rest = yield* this.#cut(bytes.subarray(start), this.#lineBytesMax + 1)
    // A copy: a short rest must not keep a whole chunk in memory.
    this.#rest = Buffer.from(rest)
  }

  /** The line that the stream ended without completing, if any. */
  *end(): Generator<Piece> {
    const last = yield* this.#cut(this.#rest, this.#lineBytesMax)
    if (last.length > 0) yield { text: last.toString(), complete: false }
    this.#rest = Buffer.alloc(0)
  }

  /** Gives pieces until no more than `restBytesMax` are left, and returns what is left. */
  *#cut(bytes: Buffer, restBytesMax: number): Generator<Piece, Buffer> {
    let rest = bytes
    while (rest.length > restBytesMax) {
      const at = characterStart(rest, this.#lineBytesMax)
      yield { text: rest.subarray(0, at).toString(), complete: false }
      rest = rest.subarray(at)
    }
    return rest
  }
}

/** The last position up to `at` where a character begins; `at` itself when these bytes are not UTF-8. */
function characterStart(bytes: Buffer, at: number): number {
  for (let back = 0; back <= CONTINUATION_BYTES_MAX; back++) {
    if (((bytes[at - back] as number) & 0b1100_0000) !== 0b1000_0000) return at - back
  }
  return at
}
