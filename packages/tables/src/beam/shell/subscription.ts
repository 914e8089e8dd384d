import { atom, type Logger, type Pid, type Process, type Reference, tuple } from '@tiebeam/distribution'
import type { TableChange } from '../../api/changes.ts'
import { errorTerm } from '../term.ts'

/** Rows of a snapshot that one message holds. */
const SNAPSHOT_ROWS_MAX = 500

const TAG = atom('tiebeam_tables')

export interface SubscriptionInit {
  readonly self: Process
  readonly subscriber: Pid
  readonly reference: Reference
  readonly changes: (signal: AbortSignal) => AsyncIterable<TableChange<unknown, unknown>>
  readonly logger: Logger
}

/** Tells a process of the changes of a table: `{tiebeam_tables, Reference, Change}` for each, at the pace at which its node takes them. */
export class Subscription {
  readonly #init: SubscriptionInit
  readonly #ending = new AbortController()

  constructor(init: SubscriptionInit) {
    this.#init = init
    void this.#run()
  }

  end(): void {
    this.#ending.abort()
  }

  async #run(): Promise<void> {
    try {
      for await (const change of this.#init.changes(this.#ending.signal)) {
        for (const term of termsOf(change)) await this.#tell(term)
      }
    } catch (error) {
      if (this.#ending.signal.aborted) return
      this.#init.logger.warn(
        { err: error, subscriber: String(this.#init.subscriber) },
        'a subscription to a table ended',
      )
      await this.#tell(tuple(atom('ended'), errorTerm(error))).catch(() => undefined)
    }
  }

  async #tell(change: unknown): Promise<void> {
    const { self, subscriber, reference } = this.#init
    for (;;) {
      if (this.#ending.signal.aborted) return
      try {
        self.send(subscriber, tuple(TAG, reference, change))
        return
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'OUTPUT_FULL') throw error
        await self.node.drained(subscriber.node)
      }
    }
  }
}

function* termsOf(change: TableChange<unknown, unknown>): Generator<unknown> {
  switch (change.type) {
    case 'snapshot': {
      const { rows, reason } = change
      let from = 0
      do {
        const to = from + SNAPSHOT_ROWS_MAX
        yield tuple(atom('snapshot'), atom(reason), rows.slice(from, to), to >= rows.length)
        from = to
      } while (from < rows.length)
      return
    }
    case 'put':
      yield tuple(atom('put'), change.key, change.row, change.before ?? null)
      return
    case 'delete':
    case 'expire':
      yield tuple(atom(change.type), change.key, change.before)
      return
    case 'clear':
      yield atom('clear')
      return
  }
}
