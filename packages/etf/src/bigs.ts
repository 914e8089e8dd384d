import type { Output } from './output.ts'

const two32 = 0x1_0000_0000
const safeMax = BigInt(Number.MAX_SAFE_INTEGER)

/** SMALL_BIG_EXT of a safe integer beyond 32 bits. */
export function writeSafeBig(output: Output, value: number): void {
  output.ensure(11)
  const magnitude = Math.abs(value)
  writeSmallBig(output, magnitude >>> 0, Math.floor(magnitude / two32), value < 0)
}

/**
 * A bigint. Within the safe range it leaves as LARGE_BIG_EXT, which OTP never writes for a number so small, and which
 * tells the decoder to make a bigint again; OTP reads the same integer from both.
 */
export function writeBigint(output: Output, value: bigint): void {
  const magnitude = value < 0n ? -value : value
  const negative = value < 0n
  const bytes = magnitudeBytes(magnitude)
  output.ensure(6 + bytes.length)
  if (magnitude > safeMax && bytes.length < 256) {
    output.writeUint8(110)
    output.writeUint8(bytes.length)
  } else {
    output.writeUint8(111)
    output.writeUint32(bytes.length)
  }
  output.writeUint8(negative ? 1 : 0)
  output.writeBytes(bytes)
}

function writeSmallBig(output: Output, low: number, high: number, negative: boolean): void {
  const buffer = output.buffer
  const start = output.offset
  let at = start + 3
  let word = low
  for (let i = 0; i < 4; i++) {
    buffer[at++] = word
    word >>>= 8
  }
  for (word = high; word !== 0; word >>>= 8) buffer[at++] = word
  buffer[start] = 110
  buffer[start + 1] = at - start - 3
  buffer[start + 2] = negative ? 1 : 0
  output.offset = at
}

/** Least significant byte first; none for 0. Going through hexadecimal digits takes linear time at any size. */
function magnitudeBytes(magnitude: bigint): Uint8Array {
  if (magnitude === 0n) return new Uint8Array(0)
  const digits = magnitude.toString(16)
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex').reverse()
}

/** The integer in these bytes, least significant first, when it is safe; undefined otherwise. */
export function readSafeBig(bytes: Uint8Array, start: number, length: number, negative: boolean): number | undefined {
  let end = start + length
  while (end > start && bytes[end - 1] === 0) end--
  if (end - start > 7) return undefined
  let value = 0
  for (let at = end - 1; at >= start; at--) value = value * 256 + bytes[at]!
  if (value > Number.MAX_SAFE_INTEGER) return undefined
  // Never -0, which is not an integer.
  return negative && value !== 0 ? -value : value
}

/** The integer in these bytes, least significant first, as a bigint. */
export function readBigint(bytes: Uint8Array, start: number, length: number, negative: boolean): bigint {
  if (length === 0) return 0n
  const digits = Buffer.from(bytes.subarray(start, start + length))
    .reverse()
    .toString('hex')
  const magnitude = BigInt(`0x${digits}`)
  return negative ? -magnitude : magnitude
}
