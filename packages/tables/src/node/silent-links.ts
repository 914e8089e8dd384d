/** What came over a link since it came up. */
export interface LinkSeen {
  readonly name: string
  readonly bytesIn: number
}

/**
 * Finds the links over which nothing comes, not even the answer to a question. A cut of the network leaves a link so, and for as long
 * again as it lasted once it is over. `look` is called again and again with the links to nodes that are missed, and asks them all.
 */
export class SilentLinks {
  readonly #everyMs: number
  #seen = new Map<string, number>()
  #lookedMs = Number.NEGATIVE_INFINITY

  /** `everyMs`: how long an answer is waited for. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  /** Undefined when it is too early; else which to ask, and those of them that did not answer the last time. */
  look(
    missed: readonly LinkSeen[],
    nowMs: number,
  ): { readonly ask: readonly string[]; readonly silent: readonly string[] } | undefined {
    const passedMs = nowMs - this.#lookedMs
    if (passedMs < this.#everyMs) return undefined
    this.#lookedMs = nowMs
    // A process that was held up did not listen either.
    const last = passedMs < this.#everyMs * 2 ? this.#seen : new Map<string, number>()
    this.#seen = new Map(missed.map(({ name, bytesIn }) => [name, bytesIn]))
    const silent = missed.filter(({ name, bytesIn }) => last.get(name) === bytesIn)
    return { ask: missed.map(({ name }) => name), silent: silent.map(({ name }) => name) }
  }
}
