import { atom, tuple } from '@tiebeam/distribution'
import type { Asker, Emit } from './effects.ts'

/** Calls of `sync` that wait at the same time; further ones get an error. OTP has no such limit. */
const SYNCS_MAX = 10_000
const OK = atom('ok')
const TOO_MANY = tuple(atom('error'), atom('system_limit'))

interface Sync {
  readonly asker: Asker
  /** Nodes that have neither got in sync with us nor gone. */
  readonly waiting: Set<string>
}

/** Those who wait until this node is in sync with others. */
export class Syncs {
  readonly #emit: Emit
  readonly #syncs = new Set<Sync>()

  constructor(emit: Emit) {
    this.#emit = emit
  }

  add(asker: Asker, nodes: Iterable<string>): void {
    const sync: Sync = { asker, waiting: new Set(nodes) }
    if (sync.waiting.size === 0) this.#answer(sync, OK)
    else if (this.#syncs.size >= SYNCS_MAX) this.#answer(sync, TOO_MANY)
    else this.#syncs.add(sync)
  }

  /** The node is in sync with us, or is gone. */
  settled(node: string): void {
    for (const sync of this.#syncs) {
      if (!sync.waiting.delete(node) || sync.waiting.size > 0) continue
      this.#syncs.delete(sync)
      this.#answer(sync, OK)
    }
  }

  abandon(asker: number): void {
    for (const sync of this.#syncs) if (sync.asker === asker) this.#syncs.delete(sync)
  }

  #answer({ asker }: Sync, answer: unknown): void {
    this.#emit({ type: 'answer', asker, answer })
  }
}
