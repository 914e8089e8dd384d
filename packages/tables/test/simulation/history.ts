import type { Entry } from '../../src/replica/entry.ts'
import { writesOf } from '../../src/replica/entry.ts'
import { Violation } from './violation.ts'

export const TABLE = 'rows'

/** What a client saw: the values found, or that there were none. */
export type Seen =
  | { readonly type: 'row'; readonly key: number; readonly value: string | undefined }
  | { readonly type: 'range'; readonly from: number; readonly to: number; readonly rows: SeenRows }
  | { readonly type: 'group'; readonly group: number; readonly rows: SeenRows }

type SeenRows = readonly (readonly [key: number, value: string])[]

export const GROUPS = 3

/** The group that a row is indexed by. */
export function groupOf(transaction: number): number {
  return transaction % GROUPS
}

/** A transaction as its client knows it. Every attempt writes a value of its own. */
export interface ClientTransaction {
  readonly id: number
  attempt: number
  seen: readonly Seen[]
  /** Committed anywhere before the client began. */
  readonly committedBefore: number
  told: string | undefined
  committedAttempt: number | undefined
}

/** What is committed in one cluster identity, and a naive model of the rows at every index of it. */
export class History {
  readonly committed: Entry[] = []
  /** In which epoch each entry came to be committed. */
  readonly #epochs: number[] = []
  readonly #versions = new Map<number, { readonly index: number; readonly value: string | undefined }[]>()
  readonly #origins = new Set<string>()
  readonly #transactions: ReadonlyMap<number, ClientTransaction>

  constructor(transactions: ReadonlyMap<number, ClientTransaction>) {
    this.#transactions = transactions
  }

  get length(): number {
    return this.committed.length
  }

  /** How many were committed in epochs before this one. */
  lengthBefore(epoch: number): number {
    return this.#epochs.findLastIndex((committedIn) => committedIn < epoch) + 1
  }

  commit(entry: Entry, epoch: number): void {
    this.committed.push(entry)
    this.#epochs.push(epoch)
    const { body } = entry
    if (body.type === 'transaction') {
      const origin = `${body.origin.uid} ${body.origin.sequence}`
      if (this.#origins.has(origin)) throw new Violation(9, `transaction ${origin} is committed twice`)
      this.#origins.add(origin)
      const [first] = body.writes
      if (first?.type === 'put')
        this.#commitTransaction(Number(first.row.transaction), Number(first.row.attempt), entry.index)
    }
    for (const write of writesOf(entry)) {
      if (write.type === 'clear') for (const key of this.#versions.keys()) this.#set(key, entry.index, undefined)
      else this.#set(Number(write.key), entry.index, write.type === 'put' ? String(write.row.value) : undefined)
    }
  }

  valueAt(key: number, index: number): string | undefined {
    return this.#versions.get(key)?.findLast((version) => version.index <= index)?.value
  }

  /** Whether this is what a client would have seen after the entry at `index`. */
  assertSeen(seen: readonly Seen[], index: number, what: string): void {
    for (const one of seen) {
      if (one.type === 'row') {
        const value = this.valueAt(one.key, index)
        if (value !== one.value) {
          throw new Violation(
            'strict serializability',
            `${what} saw ${one.value} at ${one.key}; after ${index} it is ${value}`,
          )
        }
        continue
      }
      const rows = [...this.#versions.keys()]
        .toSorted((left, right) => left - right)
        .flatMap((key) => {
          const value = this.valueAt(key, index)
          const isSeen =
            one.type === 'range'
              ? key >= one.from && key <= one.to
              : groupOf(Number.parseInt(value ?? '', 10)) === one.group
          return value === undefined || !isSeen ? [] : [`${key}=${value}`]
        })
        .join()
      const found = one.rows.map(([key, value]) => `${key}=${value}`).join()
      if (found !== rows) {
        throw new Violation(
          'strict serializability',
          `${what} saw ${found} in a ${one.type}; after ${index} it is ${rows}`,
        )
      }
    }
  }

  #commitTransaction(id: number, attempt: number, index: number): void {
    const transaction = this.#transactions.get(id)
    if (transaction === undefined) throw new Violation('history', `nobody asked for transaction ${id}`)
    if (transaction.told !== undefined && transaction.told !== 'unknown') {
      throw new Violation(9, `transaction ${id} is committed after its client was told ${transaction.told}`)
    }
    if (attempt !== transaction.attempt) {
      throw new Violation(9, `attempt ${attempt} of transaction ${id} is committed after it was refused`)
    }
    transaction.committedAttempt = attempt
    // Its place in the order is just before its own writes, and after all that was committed when it began.
    this.assertSeen(transaction.seen, index - 1, `transaction ${id}`)
    if (index <= transaction.committedBefore)
      throw new Violation('strict serializability', `transaction ${id} is too early`)
  }

  #set(key: number, index: number, value: string | undefined): void {
    const versions = this.#versions.get(key)
    if (versions === undefined) this.#versions.set(key, [{ index, value }])
    else versions.push({ index, value })
  }
}
