import { deflateSync, inflateSync } from 'node:zlib'
import { DecodeError } from './errors.ts'

/** After 131: tag 80, the size before compression in 32 bits, and a zlib stream. */
const headerBytes = 6

/**
 * The compressed form of an encoded term (131 and all), or the term itself when compression does not make it smaller, as
 * `term_to_binary(Term, [compressed])` has it. `level` is zlib's, 0 to 9.
 */
export function compressed(term: Buffer, level: number): Buffer {
  const deflated = deflateSync(term.subarray(1), { level })
  if (deflated.length + headerBytes >= term.length) return term
  const header = Buffer.from([131, 80, 0, 0, 0, 0])
  header.writeUInt32BE(term.length - 1, 2)
  return Buffer.concat([header, deflated])
}

/**
 * Inflates a compressed term; `start` is the index after tag 80. Never allocates more than the claimed size.
 * @returns the term without 131, and the index after the compressed bytes
 * @throws DecodeError `ETF_SIZE` past the limit, `ETF_MALFORMED` when zlib or the claimed size disagrees
 */
export function inflated(
  bytes: Buffer,
  start: number,
  end: number,
  inflatedBytesMax: number,
): { term: Buffer; next: number } {
  if (end - start < 4) throw new DecodeError('ETF_TRUNCATED', start, 'the size of a compressed term is missing')
  const size = bytes.readUInt32BE(start)
  if (size > inflatedBytesMax) {
    throw new DecodeError(
      'ETF_SIZE',
      start,
      `${size} bytes after inflation exceed the limit of ${inflatedBytesMax} (inflatedBytesMax)`,
    )
  }
  const { buffer, engine } = inflate(bytes.subarray(start + 4, end), size, start + 4)
  if (buffer.length !== size) {
    throw new DecodeError('ETF_MALFORMED', start, `a compressed term claims ${size} bytes and has ${buffer.length}`)
  }
  return { term: buffer, next: start + 4 + engine.bytesWritten }
}

function inflate(bytes: Buffer, size: number, offset: number): { buffer: Buffer; engine: { bytesWritten: number } } {
  try {
    return inflateSync(bytes, {
      info: true,
      maxOutputLength: Math.max(size, 1),
      chunkSize: Math.min(Math.max(size, 64), 65_536),
    }) as never
  } catch (cause) {
    const truncated = (cause as { code?: string }).code === 'Z_BUF_ERROR'
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DecodeError(
      truncated ? 'ETF_TRUNCATED' : 'ETF_MALFORMED',
      offset,
      `the compressed bytes cannot be inflated: ${reason}`,
      { cause },
    )
  }
}
