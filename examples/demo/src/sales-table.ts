import { setTimeout as sleep } from 'node:timers/promises'
import type { Node } from '@tiebeam/distribution'
import { type OpenedTables, openTables, table } from '@tiebeam/tables'
import type { Report } from './member-messages.ts'

interface Sale {
  readonly number: number
  readonly article: string
}

const definitions = { sales: table<Sale>()({ key: 'number' }) }
/** The lowest of the three that the demo starts founds, once it has heard of all of them. */
const founding = { minimumNodes: 3, foundAfterMs: 200 }
/** On one machine nobody needs long to answer. */
const replica = { resendMs: 100 }
const stopMs = 1000

/** A table that every member holds: what one of them does with it, and reports. */
export class SalesTable {
  readonly #tables: OpenedTables<typeof definitions>
  readonly #report: (report: Report) => void
  #isWriting = false

  private constructor(tables: OpenedTables<typeof definitions>, report: (report: Report) => void) {
    this.#tables = tables
    this.#report = report
  }

  static async open(node: Node, report: (report: Report) => void): Promise<SalesTable> {
    const tables = await openTables(node, definitions, {
      ...founding,
      replica,
      on: {
        view: ({ view, role }) => {
          if (role === 'primary' || role === 'member') report({ type: 'view', role, members: view.members.length })
        },
      },
    })
    return new SalesTable(tables, report)
  }

  /** Resolves when every member holds it. */
  async write(sale: Sale): Promise<void> {
    await this.#tables.sales.put(sale)
    this.#report({ type: 'written', number: sale.number })
  }

  /** One sale after the other, from this number on, until {@link rest}. */
  async keepWriting(from: number): Promise<void> {
    this.#isWriting = true
    let longestMs = 0
    let number = from
    while (this.#isWriting) {
      const begunAt = performance.now()
      await this.write({ number, article: 'cake' })
      longestMs = Math.max(longestMs, performance.now() - begunAt)
      number += 1
      await sleep(1)
    }
    this.#report({ type: 'rested', rows: number - from, longestMs })
  }

  rest(): void {
    this.#isWriting = false
  }

  /** Reads from this member's own memory, once all has come that was written anywhere before. */
  async read(number: number): Promise<void> {
    await this.#tables.sync()
    const { sales } = this.#tables
    this.#report({ type: 'read', article: sales.get(number)?.article ?? 'nothing', rows: sales.size })
  }

  stop(): Promise<void> {
    return this.#tables.stop({ timeoutMs: stopMs })
  }
}
