import { compressed, inflated } from './compressed.ts'
import { Decoder, type DecoderInit } from './decoder.ts'
import { Encoder, type EncoderInit } from './encoder.ts'
import { DecodeError } from './errors.ts'

/** The version byte of the External Term Format. */
const version = 131
const compressedTag = 80

export interface EncodeOptions extends EncoderInit {
  /** Compress with zlib where that makes the term smaller: true, or a level from 0 to 9. Default false. */
  compressed?: boolean | number
}

/**
 * The bytes of a value, as `term_to_binary/1` would make them: 131 and the term.
 * @throws EncodeError
 */
export function encode(value: unknown, options: EncodeOptions = {}): Buffer {
  const encoder = new Encoder({ initialBytes: 512, ...options })
  encoder.writeUint8(version)
  encoder.writeTerm(value)
  const term = encoder.take()
  if (options.compressed === undefined || options.compressed === false) return term
  return compressed(term, options.compressed === true ? 6 : options.compressed)
}

/**
 * The value in the bytes of exactly one term with its version byte, as `binary_to_term/1` would read it; compressed ones too.
 * A {@link Decoder} that is kept and handed in as `decoder` is faster for many terms, since it remembers keys.
 * @throws DecodeError
 */
export function decode(bytes: Uint8Array, options: DecoderInit | Decoder = {}): unknown {
  const decoder = options instanceof Decoder ? options : new Decoder(options)
  const value = readExternal(decoder, bytes, 0, bytes.length)
  if (decoder.offset !== bytes.length) {
    throw new DecodeError(
      'ETF_TRAILING_BYTES',
      decoder.offset,
      `${bytes.length - decoder.offset} bytes follow after the term`,
    )
  }
  return value
}

/**
 * Reads one term with its version byte, compressed or not, from a part of some bytes; then `decoder.offset` is the index
 * after it.
 * @throws DecodeError
 */
export function readExternal(decoder: Decoder, bytes: Uint8Array, start: number, end: number): unknown {
  if (start >= end) throw new DecodeError('ETF_TRUNCATED', start, 'there are no bytes')
  if (bytes[start] !== version)
    throw new DecodeError('ETF_VERSION', start, `the first byte is ${bytes[start]}, not ${version}`)
  if (start + 1 >= end || bytes[start + 1] !== compressedTag) return decoder.readTerm(bytes, start + 1, end)
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const { term, next } = inflated(buffer, start + 2, end, decoder.inflatedBytesMax)
  const value = decoder.readTerm(term, 0, term.length)
  if (decoder.offset !== term.length) {
    throw new DecodeError('ETF_TRAILING_BYTES', decoder.offset, 'bytes follow after the compressed term')
  }
  decoder.offset = next
  return value
}
