import { TermMap } from './term-map.ts'

const NONE: ReadonlySet<string> = new Set()

/** Who wants to know of changes, of a whole scope or of one group. */
export class Monitors {
  readonly #ofScope = new Set<string>()
  readonly #ofGroup = new TermMap<Set<string>>()
  /** The group that a monitor is about. */
  readonly #groupOf = new Map<string, unknown>()

  get isEmpty(): boolean {
    return this.#ofScope.size === 0 && this.#groupOf.size === 0
  }

  addToScope(id: string): void {
    this.#ofScope.add(id)
  }

  addToGroup(id: string, group: unknown): void {
    const ids = this.#ofGroup.get(group)
    if (ids === undefined) this.#ofGroup.set(group, new Set([id]))
    else ids.add(id)
    this.#groupOf.set(id, group)
  }

  remove(id: string): void {
    this.#ofScope.delete(id)
    if (!this.#groupOf.has(id)) return
    const group = this.#groupOf.get(id)
    this.#groupOf.delete(id)
    const ids = this.#ofGroup.get(group)
    ids?.delete(id)
    if (ids?.size === 0) this.#ofGroup.delete(group)
  }

  /** Those who are told of a change in this group. */
  concernedBy(group: unknown): Iterable<string> {
    const ofGroup = this.#ofGroup.get(group) ?? NONE
    if (this.#ofScope.size === 0) return ofGroup
    return ofGroup.size === 0 ? this.#ofScope : [...this.#ofScope, ...ofGroup]
  }
}
