/** Bytes for tests, written as a table: each row says what it is, and what the bytes are. */
export type AnnotatedRow = readonly [note: string, ...bytes: (number | string | Buffer)[]]

/** Numbers are single bytes, strings are their Latin-1 characters. */
export function annotated(...rows: readonly AnnotatedRow[]): Buffer {
  return Buffer.concat(rows.flatMap(([, ...parts]) => parts.map(toBytes)))
}

function toBytes(part: number | string | Buffer): Buffer {
  if (typeof part === 'number') return Buffer.of(part)
  return typeof part === 'string' ? Buffer.from(part, 'latin1') : part
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

/** The bytes in two chunks, for every place to cut, and byte by byte. */
export function* splits(bytes: Buffer): Generator<Buffer[]> {
  for (let at = 0; at <= bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
}
