/** Where the next bytes of a log go, and whether the files move on before. */
export class LogRotation {
  readonly #bytesMax: number
  #bytes: number

  /**
   * @param bytesMax of one file; a single piece that is longer has a file of its own
   * @param bytes that the file has already
   */
  constructor(bytesMax: number, bytes: number) {
    this.#bytesMax = bytesMax
    this.#bytes = bytes
  }

  /** Whether a new file begins with this piece, which counts as written then. */
  take(bytes: number): boolean {
    const turns = this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax
    this.#bytes = turns ? bytes : this.#bytes + bytes
    return turns
  }
}

/** The moves that make room for a new file: `log.3` to `log.4`, and so on. The last one is overwritten, and so forgotten. */
export function rotations(file: string, filesMax: number): [from: string, to: string][] {
  const names = Array.from({ length: filesMax }, (_, index) => (index === 0 ? file : `${file}.${index}`))
  return names
    .slice(0, -1)
    .map((name, index): [string, string] => [name, names[index + 1]!])
    .reverse()
}
