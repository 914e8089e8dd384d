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
