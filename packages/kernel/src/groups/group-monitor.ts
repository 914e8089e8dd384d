import type { ChangeStream } from './change-stream.ts'
import type { GroupChange } from './scope.ts'

export interface GroupMonitorInit {
  /** How many changes may wait to be read; one more ends the monitor with `CHANGES_OVERFLOW`. Default 1,000,000. */
  readonly changesMax?: number
}

export const CHANGES_MAX = 1_000_000

/**
 * What was, and from then on all that changes, without a gap: `for await (const change of monitor)`. Ends by `stop`, by leaving the loop, and with
 * the groups that it is about.
 */
export class GroupMonitor<Before> implements AsyncIterable<GroupChange> {
  /** The state from which the changes start. */
  readonly before: Before
  readonly #changes: ChangeStream

  constructor(before: Before, changes: ChangeStream) {
    this.before = before
    this.#changes = changes
  }

  /** Changes that were not read by now are still given. */
  stop(): void {
    this.#changes.end()
  }

  [Symbol.asyncIterator](): AsyncIterator<GroupChange> {
    return {
      next: () => this.#changes.next(),
      return: () => {
        this.stop()
        return Promise.resolve({ value: undefined, done: true })
      },
    }
  }
}
