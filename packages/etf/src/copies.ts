const slabBytes = 16 * 1024
/** Up to this length V8 keeps the bytes of a typed array within its own heap, where they cost next to nothing. */
const heapBytesMax = 64
/** Longer ones have memory of their own. */
const sharedBytesMax = 2048

/**
 * Copies parts of the input. Memory of its own for each of many short copies would cost more than all the rest of
 * decoding, so short ones share slabs, as those of `Buffer.from` do: one that is kept keeps at most a slab.
 */
export class Copies {
  #slab = Buffer.alloc(0)
  #used = 0

  copy(bytes: Buffer, start: number, end: number): Uint8Array {
    const length = end - start
    if (length > sharedBytesMax) return new Uint8Array(bytes.buffer, bytes.byteOffset + start, length).slice()
    if (length > heapBytesMax) return this.#shared(bytes, start, end)
    const copy = new Uint8Array(length)
    for (let i = 0; i < length; i++) copy[i] = bytes[start + i]!
    return copy
  }

  #shared(bytes: Buffer, start: number, end: number): Uint8Array {
    const length = end - start
    if (this.#used + length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes)
      this.#used = 0
    }
    const at = this.#used
    bytes.copy(this.#slab, at, start, end)
    // Multiples of eight, so that other typed arrays can be laid over the copy.
    this.#used = (at + length + 7) & ~7
    return new Uint8Array(this.#slab.buffer, at, length)
  }
}
