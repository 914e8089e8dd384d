import { TablesError } from '../errors.ts'
import { type Key, type MapKey, mapKeyOf } from '../store/key.ts'

/** Changes of one row that become one transaction. */
const MERGED_MAX = 1000

interface Update<Table> {
  readonly change: (table: Table) => unknown
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** How a change ended, within a transaction that may fail yet. */
type Ended = { readonly result: unknown } | { readonly thrown: unknown }

/**
 * Changes of single rows that rest on what the row was. Those of one row that wait in this process are done together, in one
 * transaction, in their order: else each would make the others fail, and they would be tried again and again.
 */
export class RowUpdates<Table> {
  readonly #transact: <Result>(work: (table: Table) => Result) => Promise<Result>
  readonly #waiting = new Map<MapKey, Update<Table>[]>()

  constructor(transact: <Result>(work: (table: Table) => Result) => Promise<Result>) {
    this.#transact = transact
  }

  run(key: Key, change: (table: Table) => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const update = { change, resolve, reject }
      const name = mapKeyOf(key)
      const waiting = this.#waiting.get(name)
      if (waiting !== undefined) {
        waiting.push(update)
        return
      }
      const started = [update]
      this.#waiting.set(name, started)
      void this.#work(name, started)
    })
  }

  async #work(name: MapKey, waiting: Update<Table>[]): Promise<void> {
    while (waiting.length > 0) await this.#together(waiting.splice(0, MERGED_MAX))
    this.#waiting.delete(name)
  }

  async #together(updates: readonly Update<Table>[]): Promise<void> {
    try {
      const ended = await this.#transact((table) => updates.map(({ change }) => attempt(change, table)))
      for (const [place, update] of updates.entries()) settle(update, ended[place] as Ended)
    } catch (error) {
      const isOfOne = error instanceof TablesError && error.code === 'TRANSACTION_INVALID'
      if (isOfOne && updates.length > 1) for (const update of updates) await this.#together([update])
      else for (const { reject } of updates) reject(error)
    }
  }
}

function attempt<Table>(change: (table: Table) => unknown, table: Table): Ended {
  try {
    return { result: change(table) }
  } catch (thrown) {
    return { thrown }
  }
}

function settle({ resolve, reject }: Update<never>, ended: Ended): void {
  if ('thrown' in ended) reject(ended.thrown)
  else resolve(ended.result)
}
