import type { Pid } from '@tiebeam/etf'
import type { Node } from '../../src/node.ts'
import type { Destination } from '../../src/process/notices.ts'
import type { Process } from '../../src/process/process.ts'

/** A process of the node under test, lent to the test: what a test awaits of it fails after a generous time. */
export class Probe {
  /** The process itself. */
  readonly self: Process
  readonly #release: () => void

  static start(node: Node, init: { readonly trapExit?: boolean } = {}): Promise<Probe> {
    return new Promise((resolve) => {
      node.spawn((self) => new Promise<void>((release) => resolve(new Probe(self, release))), init)
    })
  }

  private constructor(self: Process, release: () => void) {
    this.self = self
    this.#release = release
  }

  get pid(): Pid {
    return this.self.pid
  }

  send(to: Destination, message: unknown): void {
    this.self.send(to, message)
  }

  /** The next message, or the first that matches. */
  next(match: (message: unknown) => boolean = () => true, timeoutMs = 60_000): Promise<unknown> {
    return this.self.receive({ match, timeoutMs })
  }

  /** Ends the process normally. */
  end(): void {
    this.#release()
  }
}
