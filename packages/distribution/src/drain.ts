/** Something on a node that others ask for work: a server, a set of exposed functions. */
export interface Drainable {
  /**
   * From now on refuses what other nodes ask, in a way that tells them that nothing was done. Resolves when all that was asked before is
   * done and answered; must not reject.
   */
  drain(): Promise<void>
}

/**
 * How a node that is about to leave brings its work to an end without cutting anything off. Whatever serves others takes part in it; calls within the
 * node go on, because work that is under way may need them. It bounds no time: whoever drains does.
 */
export class Drain {
  readonly #parts = new Set<Drainable>()
  #done: Promise<void> | undefined

  /** Whether the node takes no new work of others any more. There is no way back. */
  get begun(): boolean {
    return this.#done !== undefined
  }

  /** Takes part from now on; what comes after the begin is drained at once. The function that is returned ends it. */
  add(part: Drainable): () => void {
    this.#parts.add(part)
    if (this.begun) void part.drain()
    return () => this.#parts.delete(part)
  }

  /** Drains all parts. Further calls wait for the first. */
  begin(): Promise<void> {
    this.#done ??= Promise.all([...this.#parts].map((part) => part.drain())).then(() => {})
    return this.#done
  }
}
