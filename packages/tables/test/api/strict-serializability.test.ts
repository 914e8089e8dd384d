import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cases, type Random, random, waitFor } from '@tiebeam/testing'
import { orderedTable, storeDefinitions, table } from '../../src/api/definition.ts'
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
  /** Each transaction that writes leaves one: several may be committed in one entry, and hide what others of it wrote. */
  marks: table<{ readonly id: string }>()({ key: 'id' }),
}

type Rows = Transaction<typeof definitions>['rows']

/** Looks at rows, in a transaction or in the model. */
interface Look {
  readonly within: (rows: Rows) => unknown
  readonly inModel: (rows: ReadonlyMap<number, Row>) => unknown
}

interface Asked {
  readonly id: string
  readonly looks: readonly Look[]
  readonly writes: { readonly deletes: number; readonly puts: number; readonly group: number } | undefined
  /** Committed anywhere when it began. */
  readonly before: number
  seen?: readonly unknown[]
  /** Committed anywhere when it ended. */
  after?: number
}

interface State {
  readonly index: number
  readonly rows: ReadonlyMap<number, Row>
}

/** Everything that was committed, and everything that was asked for. */
class Committed {
  readonly asked = new Map<string, Asked>()
  readonly #entries = new Map<number, Entry>()

  get last(): number {
    return Math.max(0, ...this.#entries.keys())
  }

  add(entries: readonly Entry[]): void {
    for (const entry of entries) this.#entries.set(entry.index, entry)
  }

  /** Each state that there was, in order. Within an entry, transactions stand in the order of their marks. */
  replay(): State[] {
    const states: State[] = [{ index: 0, rows: new Map() }]
    const placed = new Set<string>()
    for (let index = 1; index <= this.last; index += 1) {
      const written = writesOf(this.#entries.get(index) as Entry)
      const before = states.at(-1) as State
      for (const write of written) {
        if (write.table !== 'marks' || write.type === 'clear') continue
        const id = String(write.key)
        const asked = this.asked.get(id)
        assert.ok(asked !== undefined && !placed.has(id), `${id} took place twice, or was never asked for`)
        placed.add(id)
        const { rows } = states.at(-1) as State
        if (asked.seen !== undefined) assertPlaced(asked, index, rows)
        states.push({ index, rows: rowsAfter(rows, asked) })
      }
      const applied = new Map(before.rows)
      for (const write of written) {
        if (write.table !== 'rows') continue
        if (write.type === 'put') applied.set(write.key as number, write.row)
        else if (write.type === 'delete') applied.delete(write.key as number)
      }
      const after = states.at(-1) as State
      assert.deepEqual(new Map([...applied].sort()), new Map([...after.rows].sort()), `entry ${index}`)
      states.push({ ...after, index })
    }
    for (const { id, seen, writes } of this.asked.values()) {
      if (writes !== undefined && seen !== undefined) assert.ok(placed.has(id), `${id} is lost`)
    }
    return states
  }
}

function assertPlaced({ id, looks, seen, before, after = 0 }: Asked, index: number, rows: State['rows']): void {
  assert.ok(index > before && index <= after, `${id} stands at ${index}, began at ${before} and ended at ${after}`)
  assert.deepEqual(
    seen,
    looks.map(({ inModel }) => inModel(rows)),
    id,
  )
}

function rowsAfter(rows: State['rows'], { id, writes }: Asked): State['rows'] {
  const after = new Map(rows)
  if (writes === undefined) return after
  after.delete(writes.deletes)
  after.set(writes.puts, { key: writes.puts, group: writes.group, by: id })
  return after
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
  name: string,
  tables: Tables<typeof definitions>,
  dice: Random,
  committed: Committed,
): Promise<void> {
  for (let count = 0; count < cases(1500); count += 1) {
    const looks = Array.from({ length: dice.integer(1, 4) }, () => look(dice))
    const writes = { deletes: dice.integer(KEYS), puts: dice.integer(KEYS), group: dice.integer(2) }
    const id = `${name} ${count}`
    const asked: Asked = { id, looks, writes: dice.chance(0.6) ? writes : undefined, before: committed.last }
    committed.asked.set(id, asked)
    try {
      asked.seen = await tables.transaction((tx) => {
        const found = looks.map(({ within }) => within(tx.rows))
        if (asked.writes === undefined) return found
        tx.marks.put({ id })
        tx.rows.delete(writes.deletes)
        tx.rows.put({ key: writes.puts, group: writes.group, by: id })
        return found
      })
      asked.after = committed.last
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
  const clients: Promise<void>[] = []
  for (const node of ['one', 'two', 'three']) {
    const onApplied = (entries: readonly Entry[]): void => committed.add(entries)
    const member = await cluster.start(node, { definitions: storeDefinitions(definitions), onApplied })
    const { tables } = await createTables(member, definitions)
    for (const number of [1, 2, 3]) clients.push(client(`${node} ${number}`, tables, dice, committed))
  }
  await waitFor(() => committed.asked.size > cases(3000))
  cluster.kill('one')
  await Promise.all(clients)
  const states = committed.replay()
  const done = [...committed.asked.values()].filter(({ seen }) => seen !== undefined)
  for (const { id, looks, seen, writes, before, after = 0 } of done) {
    if (writes !== undefined) continue
    const text = JSON.stringify(seen)
    const possible = states.filter(({ index }) => index >= before && index <= after)
    const isPossible = possible.some(({ rows }) => JSON.stringify(looks.map(({ inModel }) => inModel(rows))) === text)
    assert.ok(isPossible, `${id} saw ${text}, which was so at no time while it ran`)
  }
  assert.ok(done.length > cases(8000), `${done.length} transactions`)
  context.diagnostic(`${done.length} transactions in ${committed.last} entries`)
})
