/** A running hash (FNV-1a, 32 bits) of all that happened: two runs with the same hash went the same way. */
export class TraceHash {
  #hash = 0x811c9dc5

  add(number: number): void {
    this.#hash = Math.imul(this.#hash ^ (number | 0), 0x01000193)
  }

  addText(text: string): void {
    for (let index = 0; index < text.length; index += 1) this.add(text.charCodeAt(index))
  }

  toString(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }
}
