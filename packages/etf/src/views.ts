type ViewClass = new (memory: ArrayBufferLike, byteOffset: number, length: number) => Buffer

/** The class behind Buffer, which its static methods instantiate after checks that cost as much as the object itself. */
const Species = (Buffer as unknown as { [Symbol.species]?: ViewClass })[Symbol.species]

/** A Buffer over a part of some memory. */
export function viewOf(memory: ArrayBufferLike, byteOffset: number, length: number): Buffer {
  return Species === undefined
    ? Buffer.from(memory as ArrayBuffer, byteOffset, length)
    : new Species(memory, byteOffset, length)
}
