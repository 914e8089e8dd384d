import type { Atom } from './values/atom.ts'

const slotsFirst = 16
const slotsMax = 1_024
const bytesMax = 64

interface Entry {
  readonly bytes: Uint8Array
  readonly utf8: boolean
  readonly atom: Atom
}

/**
 * The atoms that one decoder met last, by their bytes. Each slot holds one; a newcomer displaces the one before. It holds
 * its atoms strongly, and few enough for that to do no harm.
 */
export class AtomCache {
  #entries = new Array<Entry | undefined>(slotsFirst).fill(undefined)
  #kept = 0

  find(bytes: Uint8Array, start: number, length: number, utf8: boolean): Atom | undefined {
    if (length > bytesMax) return undefined
    const entry = this.#entries[hash(bytes, start, length) & (this.#entries.length - 1)]
    if (entry === undefined || entry.bytes.length !== length || entry.utf8 !== utf8) return undefined
    const own = entry.bytes
    for (let i = 0; i < length; i++) if (own[i] !== bytes[start + i]) return undefined
    return entry.atom
  }

  keep(bytes: Uint8Array, start: number, length: number, utf8: boolean, atom: Atom): void {
    if (length > bytesMax) return
    // A decoder for a single term should not pay for a thousand slots; what growth forgets is soon learned again.
    if (++this.#kept > this.#entries.length && this.#entries.length < slotsMax) {
      this.#entries = new Array<Entry | undefined>(this.#entries.length * 4).fill(undefined)
    }
    const own = Uint8Array.prototype.slice.call(bytes, start, start + length)
    this.#entries[hash(bytes, start, length) & (this.#entries.length - 1)] = { bytes: own, utf8, atom }
  }
}

function hash(bytes: Uint8Array, start: number, length: number): number {
  let value = length
  for (let i = 0; i < length; i++) value = (Math.imul(value, 31) + bytes[start + i]!) | 0
  return value ^ (value >>> 10) ^ (value >>> 20)
}
