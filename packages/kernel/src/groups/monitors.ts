import { termKey } from './term-key.ts'

const NONE: ReadonlySet<string> = new Set()

/** Who wants to know of changes, of a whole scope or of one group. */
export class Monitors {
  readonly #ofScope = new Set<string>()
  /** By `termKey`. */
  readonly #ofGroup = new Map<string, Set<string>>()
  /** The group that a monitor is about, as its `termKey`. */
  readonly #groupOf = new Map<string, string>()

  get isEmpty(): boolean {
    return this.#ofScope.size === 0 && this.#groupOf.size === 0
  }

  addToScope(id: string): void {
    this.#ofScope.add(id)
  }

  addToGroup(id: string, group: unknown): void {
    const key = termKey(group)
    const ids = this.#ofGroup.get(key)
    if (ids === undefined) this.#ofGroup.set(key, new Set([id]))
    else ids.add(id)
    this.#groupOf.set(id, key)
  }

  remove(id: string): void {
    this.#ofScope.delete(id)
    const key = this.#groupOf.get(id)
    if (key === undefined) return
    this.#groupOf.delete(id)
    const ids = this.#ofGroup.get(key)
    ids?.delete(id)
    if (ids?.size === 0) this.#ofGroup.delete(key)
  }

  /** Those who are told of a change in this group. */
  concernedBy(group: unknown): Iterable<string> {
    const ofGroup = this.#groupOf.size === 0 ? NONE : (this.#ofGroup.get(termKey(group)) ?? NONE)
    if (this.#ofScope.size === 0) return ofGroup
    return ofGroup.size === 0 ? this.#ofScope : [...this.#ofScope, ...ofGroup]
  }
}
