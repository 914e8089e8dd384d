import type { KnownNode } from './vocabulary.ts'

/** Where this node stands with each of the others. */
export class KnownNodes {
  readonly #own: string
  /** The version of each node with which names are shared. */
  readonly #known = new Map<string, number>()
  /** The version of each node with which a synchronisation is under way. */
  readonly #pending = new Map<string, number>()
  /** Nodes that are being dropped to prevent overlapping partitions: nobody need be told when their connection ends. */
  readonly #removing = new Set<string>()
  /** Visible nodes to which there is a connection. */
  readonly connected = new Set<string>()
  /** Nodes that are known to have the same names as this one. */
  readonly synced = new Set<string>()

  constructor(own: string) {
    this.#own = own
  }

  isKnown(node: string): boolean {
    return this.#known.has(node)
  }

  isPending(node: string): boolean {
    return this.#pending.has(node)
  }

  pendingVersion(node: string): number | undefined {
    return this.#pending.get(node)
  }

  /** Of a node's protocol, 0 when it is not known here. */
  version(node: string): number {
    return this.#known.get(node) ?? this.#pending.get(node) ?? 0
  }

  names(): string[] {
    return [...this.#known.keys()]
  }

  list(): KnownNode[] {
    return [...this.#known].map(([node, version]) => ({ node, version }))
  }

  /** Known and pending nodes. */
  *potentiallyKnown(): Iterable<KnownNode> {
    for (const [node, version] of this.#known) yield { node, version }
    for (const [node, version] of this.#pending) yield { node, version }
  }

  setPending(node: string, version: number): void {
    this.#pending.set(node, version)
  }

  /** The synchronisation with it has ended, one way or the other. */
  settle(node: string): void {
    this.#pending.delete(node)
  }

  /** @returns those that were not known before */
  add(nodes: readonly KnownNode[]): string[] {
    const added: string[] = []
    for (const { node, version } of nodes) {
      if (node === this.#own || this.#known.has(node)) continue
      this.#known.set(node, version)
      added.push(node)
    }
    return added
  }

  forget(node: string): void {
    this.#pending.delete(node)
    this.#known.delete(node)
    this.synced.delete(node)
  }

  startRemoving(node: string): void {
    this.#removing.add(node)
  }

  /** @returns whether it was being removed */
  finishRemoving(node: string): boolean {
    return this.#removing.delete(node)
  }
}
