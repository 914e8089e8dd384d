import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { cases, type Random, random, waitFor } from '@tiebeam/testing'
import { orderedTable, storeDefinitions } from '../../src/api/definition.ts'
import { createTables, type Tables, type Transaction } from '../../src/api/tables.ts'
import { type Entry, writesOf } from '../../src/replica/entry.ts'
import type { Row } from '../../src/store/write.ts'
import { LocalCluster } from './local-cluster.ts'

const KEYS = 6
const definitions = {
  rows: orderedTable<{ readonly key: number; readonly group: number; readonly by: string }>()({
    key: 'key',
    indexes: ['group'],
  }),
}

type Rows = Transaction<typeof definitions>['rows']

/** Looks at rows, in a transaction or in the model. */
interface Look {
  readonly within: (rows: Rows) => unknown
  readonly inModel: (rows: ReadonlyMap<number, Row>) => unknown
}

interface Done {
  readonly id: string
  readonly looks: readonly Look[]
  readonly seen: readonly unknown[]
  readonly writes: boolean
  /** Committed anywhere when it began, and when it ended. */
  readonly before: number
  readonly after: number
}

/** Everything that was committed, and the rows after each of it. */
class Committed {
  readonly #entries = new Map<number, Entry>()

  get last(): number {
    return Math.max(0, ...this.#entries.keys())
  }

  add(entries: readonly Entry[]): void {
    for (const entry of entries) this.#entries.set(entry.index, entry)
  }

  /** The rows after each entry, and where the writes of each transaction stand. */
  replay(): { readonly states: ReadonlyMap<number, Row>[]; readonly placeOf: Map<string, number> } {
    const states: ReadonlyMap<number, Row>[] = [new Map()]
    const placeOf = new Map<string, number>()
    for (let index = 1; index <= this.last; index += 1) {
      const rows = new Map(states[index - 1])
      for (const write of writesOf(this.#entries.get(index) as Entry)) {
        if (write.table !== 'rows') continue
        if (write.type === 'put') rows.set(write.key as number, write.row)
        else if (write.type === 'delete') rows.delete(write.key as number)
        if (write.type === 'put') {
          const id = String(write.row.by)
          assert.equal(placeOf.get(id) ?? index, index, `transaction ${id} took place twice`)
          placeOf.set(id, index)
        }
      }
      states.push(rows)
    }
    return { states, placeOf }
  }
}

function look(dice: Random): Look {
  const key = dice.integer(KEYS)
  const kind = dice.integer(5)
  if (kind < 2) return { within: (rows) => rows.get(key), inModel: (rows) => rows.get(key) }
  if (kind === 2) return { within: (rows) => rows.size, inModel: (rows) => rows.size }
  if (kind === 3) {
    const group = dice.integer(2)
    return {
      within: (rows) => rows.where('group', group).map((row) => row.key),
      inModel: (rows) => keys(rows).filter((one) => rows.get(one)?.group === group),
    }
  }
  return {
    within: (rows) => rows.next(key)?.key,
    inModel: (rows) => keys(rows).find((one) => one > key),
  }
}

function keys(rows: ReadonlyMap<number, Row>): number[] {
  return [...rows.keys()].sort((left, right) => left - right)
}

async function client(
  id: string,
  tables: Tables<typeof definitions>,
  dice: Random,
  committed: Committed,
  done: Done[],
): Promise<void> {
  for (let count = 0; count < cases(1500); count += 1) {
    const looks = Array.from({ length: dice.integer(1, 4) }, () => look(dice))
    const transaction = `${id} ${count}`
    const writes = dice.chance(0.6)
    const [key, other, group] = [dice.integer(KEYS), dice.integer(KEYS), dice.integer(2)]
    const before = committed.last
    try {
      const seen = await tables.transaction((tx) => {
        const found = looks.map(({ within }) => within(tx.rows))
        if (!writes) return found
        tx.rows.delete(other)
        tx.rows.put({ key, group, by: transaction })
        return found
      })
      done.push({ id: transaction, looks, seen, writes, before, after: committed.last })
    } catch (error) {
      const { code } = error as { readonly code?: string }
      assert.ok(code === 'OUTCOME_UNKNOWN' || code === 'CUT_OFF' || code === 'CONFLICT', String(error))
      if (code === 'OUTCOME_UNKNOWN') return
    }
    if (dice.chance(0.1)) await sleep(1)
  }
}

test('transactions by all members at once are strictly serializable, also when the primary is lost under way', async (context) => {
  const dice = random()
  const cluster = new LocalCluster()
  context.after(() => cluster[Symbol.asyncDispose]())
  const committed = new Committed()
  const done: Done[] = []
  const clients: Promise<void>[] = []
  for (const node of ['one', 'two', 'three']) {
    const onApplied = (entries: readonly Entry[]): void => committed.add(entries)
    const member = await cluster.start(node, { definitions: storeDefinitions(definitions), onApplied })
    const { tables } = await createTables(member, definitions)
    for (const number of [1, 2]) clients.push(client(`${node} ${number}`, tables, dice, committed, done))
  }
  await waitFor(() => done.length > cases(1500))
  cluster.kill('one')
  await Promise.all(clients)
  const { states, placeOf } = committed.replay()
  assert.ok(done.length > cases(4500), `${done.length} transactions`)
  for (const { id, looks, seen, writes, before, after } of done) {
    const seenIn = (index: number): unknown[] => looks.map(({ inModel }) => inModel(states[index] as ReadonlyMap<number, Row>))
    if (writes) {
      const place = placeOf.get(id)
      assert.ok(place !== undefined, `${id} is lost`)
      assert.ok(place > before && place <= after, `${id} stands at ${place}, began at ${before} and ended at ${after}`)
      assert.deepEqual(seen, seenIn(place - 1), id)
    } else {
      const places = Array.from({ length: after - before + 1 }, (_, offset) => before + offset)
      const text = JSON.stringify(seen)
      assert.ok(places.some((index) => JSON.stringify(seenIn(index)) === text), `${id} saw ${text} at no time while it ran`)
    }
  }
  context.diagnostic(`${done.length} transactions, ${committed.last} entries`)
})
