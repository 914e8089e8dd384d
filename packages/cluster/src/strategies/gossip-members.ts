export interface GossipMembersInit {
  /** A node that has been silent for so long is forgotten, in ms. */
  readonly expireMs: number
  /** Nodes that are remembered; others are not until one is forgotten. */
  readonly namesMax: number
}

/** The nodes whose heartbeats were heard lately. */
export class GossipMembers {
  readonly #init: GossipMembersInit
  /** When each was heard last; the longest silent first. */
  readonly #heardMs = new Map<string, number>()

  constructor(init: GossipMembersInit) {
    this.#init = init
  }

  hear(name: string, nowMs: number): 'new' | 'known' | 'surplus' {
    const known = this.#heardMs.delete(name)
    if (!known && this.#heardMs.size >= this.#init.namesMax) return 'surplus'
    this.#heardMs.set(name, nowMs)
    return known ? 'known' : 'new'
  }

  /** Forgets who has been silent for too long; whether there was anyone. */
  expire(nowMs: number): boolean {
    const before = this.#heardMs.size
    for (const [name, heardMs] of this.#heardMs) {
      if (nowMs - heardMs < this.#init.expireMs) break
      this.#heardMs.delete(name)
    }
    return this.#heardMs.size < before
  }

  names(): string[] {
    return [...this.#heardMs.keys()].sort()
  }
}
