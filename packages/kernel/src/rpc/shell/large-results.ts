import type { Node } from '@tiebeam/distribution'

/** Longer results wait for their turn. */
export const LARGE_RESULT_BYTES = 64 * 1024

/**
 * Lets large results leave to a node one after the other, each when the output to it has drained. The end of a process is never refused
 * for want of room; without this a node that calls much at once would be dropped for what it asked for.
 */
export class LargeResults {
  readonly #node: Node
  readonly #last = new Map<string, Promise<void>>()

  constructor(node: Node) {
    this.#node = node
  }

  async turn(peer: string): Promise<void> {
    const turn = this.#after(this.#last.get(peer), peer)
    this.#last.set(peer, turn)
    await turn
    if (this.#last.get(peer) === turn) this.#last.delete(peer)
  }

  async #after(last: Promise<void> | undefined, peer: string): Promise<void> {
    if (last !== undefined) {
      await last
      // By then the one before is in the output.
      await new Promise((resolve) => setImmediate(resolve))
    }
    // When the connection is gone, nobody waits any more.
    await this.#node.drained(peer).catch(() => {})
  }
}
