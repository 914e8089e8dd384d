/** How often what is rare has happened, so that a simulation which no longer reaches it is noticed. */
export class Coverage {
  readonly #counts = new Map<string, number>()

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
  }

  count(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  addAll(other: Coverage): void {
    for (const [what, count] of other.#counts) this.add(what, count)
  }

  toString(): string {
    return [...this.#counts.entries()]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([what, count]) => `${what} ${count}`)
      .join(', ')
  }
}
