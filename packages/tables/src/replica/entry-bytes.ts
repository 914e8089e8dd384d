import type { Write } from '../store/write.ts'
import { type Entry, writesOf } from './entry.ts'

const ENTRY_BYTES = 64
const WRITE_BYTES = 32
const VALUE_BYTES = 8

/** About the memory of an entry, and about its length on the wire: for limits, not for accounts. */
export function bytesOfEntry(entry: Entry): number {
  return ENTRY_BYTES + bytesOfWrites(writesOf(entry))
}

export function bytesOfWrites(writes: readonly Write[]): number {
  let bytes = 0
  for (const write of writes) bytes += bytesOfWrite(write)
  return bytes
}

function bytesOfWrite(write: Write): number {
  if (write.type === 'clear') return WRITE_BYTES
  return WRITE_BYTES + bytesOf(write.key) + (write.type === 'put' ? bytesOf(write.row) : 0)
}

export function bytesOf(value: unknown): number {
  if (typeof value === 'string') return VALUE_BYTES + value.length
  if (typeof value === 'bigint') return VALUE_BYTES * 2
  if (typeof value !== 'object' || value === null) return VALUE_BYTES
  if (ArrayBuffer.isView(value)) return VALUE_BYTES + value.byteLength
  let bytes = VALUE_BYTES
  if (value instanceof Map) for (const [key, each] of value) bytes += bytesOf(key) + bytesOf(each)
  else if (Array.isArray(value) || value instanceof Set) for (const each of value) bytes += bytesOf(each)
  else for (const field in value) bytes += field.length + bytesOf((value as Record<string, unknown>)[field])
  return bytes
}
