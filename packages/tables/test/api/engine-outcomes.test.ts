import assert from 'node:assert/strict'
import { test } from 'node:test'
import { table } from '../../src/api/definition.ts'
import type { TableLimits } from '../../src/api/limits.ts'
import { createTables } from '../../src/api/tables.ts'
import type { Engine, EngineListener } from '../../src/engine.ts'
import type { Outcome } from '../../src/replica/event.ts'
import { Store } from '../../src/store/store.ts'

const definitions = { rows: table<{ readonly id: string }>()({ key: 'id' }) }

/** An engine of which the test says what becomes of its calls, once the tables are open. */
class ToldEngine implements Engine {
  readonly node = 'told@127.0.0.1'
  readonly status = { role: 'primary', cutOff: false, view: undefined } as const
  copy = { identity: 'one', applied: 0, store: new Store() }
  outcomes: Outcome[] | undefined
  synced: Outcome = { type: 'synced', index: 1 }
  /** Rows with longer keys find no room. */
  keyCharactersMax = Number.POSITIVE_INFINITY
  calls = 0
  listener: EngineListener | undefined

  begin() {
    return {
      attempt: ({ writes }: Parameters<ReturnType<Engine['begin']>['attempt']>[0]): Promise<Outcome> => {
        const isFull = writes.some((write) => write.type === 'put' && String(write.key).length > this.keyCharactersMax)
        const outcome = this.#next(
          isFull ? { type: 'refused', reason: 'MEMORY_FULL' } : { type: 'committed', index: 1 },
        )
        if (outcome.type === 'committed') for (const write of writes) this.copy.store.apply(write, 0)
        return Promise.resolve(outcome)
      },
      abandon: (): void => undefined,
    }
  }

  sync(): Promise<Outcome> {
    return Promise.resolve(this.synced)
  }

  validate(): Promise<Outcome> {
    return Promise.resolve(this.#next({ type: 'synced', index: 1 }))
  }

  subscribe(listener: EngineListener): () => void {
    this.listener = listener
    return () => {
      this.listener = undefined
    }
  }

  #next(otherwise: Outcome): Outcome {
    this.calls += 1
    return this.outcomes?.shift() ?? otherwise
  }
}

async function opened(limits: Partial<TableLimits> = {}) {
  const engine = new ToldEngine()
  const { tables, close } = await createTables(engine, definitions, limits)
  engine.calls = 0
  return { engine, tables, close }
}

test('what becomes of a write is told by the code of its error', async () => {
  const cases: readonly [Outcome, string][] = [
    [{ type: 'refused', reason: 'CUT_OFF' }, 'CUT_OFF'],
    [{ type: 'refused', reason: 'NOT_A_MEMBER' }, 'NOT_A_MEMBER'],
    [{ type: 'refused', reason: 'TOO_MANY_PENDING' }, 'TOO_MANY_PENDING'],
    [{ type: 'unknown' }, 'OUTCOME_UNKNOWN'],
  ]
  for (const [outcome, code] of cases) {
    const { engine, tables } = await opened()
    engine.outcomes = [outcome]
    engine.synced = outcome
    await assert.rejects(tables.rows.put({ id: 'a' }), { code })
    await assert.rejects(tables.sync(), { code })
    assert.equal(tables.rows.size, 0)
  }
})

test('a transaction that meets conflicts is tried as often as it may, and one that was lost for certain is tried again', async () => {
  const { engine, tables } = await opened()
  engine.outcomes = Array.from({ length: 9 }, () => ({ type: 'conflict' }))
  let calls = 0
  const never = tables.transaction(
    (tx) => {
      calls += 1
      tx.rows.put({ id: 'a' })
    },
    { attemptsMax: 4 },
  )
  await assert.rejects(never, { code: 'CONFLICT' })
  assert.equal(calls, 4)
  engine.outcomes = [{ type: 'lost' }, { type: 'conflict' }]
  await tables.rows.put({ id: 'a' })
  assert.equal(tables.rows.size, 1)
  const controller = new AbortController()
  engine.outcomes = [{ type: 'conflict' }]
  const stopped = tables.transaction(
    (tx) => {
      controller.abort(new Error('no longer wanted'))
      return tx.rows.get('a')
    },
    { signal: controller.signal },
  )
  await assert.rejects(stopped, /no longer wanted/)
})

test('an exception comes out when its reads are known to hold, and is the cause when that cannot be known', async () => {
  const { engine, tables } = await opened()
  const failure = new Error('no such row')
  const find = () =>
    tables.transaction((tx) => {
      if (!tx.rows.has('a')) throw failure
    })
  engine.outcomes = [{ type: 'conflict' }]
  await assert.rejects(find(), (error) => error === failure)
  assert.equal(engine.calls, 2, 'what it read had changed the first time')
  engine.outcomes = [{ type: 'refused', reason: 'CUT_OFF' }]
  await assert.rejects(find(), { code: 'CUT_OFF', cause: failure })
  engine.outcomes = undefined
  engine.calls = 0
  const blind = () =>
    tables.transaction(() => {
      throw failure
    })
  await assert.rejects(blind(), (error) => error === failure)
  assert.equal(engine.calls, 0, 'one that read nothing has nothing to ask')
})

test('of functions that run together after a conflict, one that throws or is misused takes none of the others with it', async () => {
  const { engine, tables } = await opened()
  engine.outcomes = Array.from({ length: 5 }, () => ({ type: 'conflict' }))
  const settled = await Promise.allSettled([
    tables.rows.update('a', (row) => row ?? { id: 'a' }),
    tables.transaction((tx) => {
      tx.rows.put({ id: 'b' })
      tx.rows.clear()
      throw new Error('undone')
    }),
    tables.transaction((tx) => {
      tx.rows.put({ id: 'c' })
      return tables.rows.delete('a')
    }),
    tables.transaction((tx) => {
      tx.rows.put({ id: 'd' })
      return tx.rows.all().map(({ id }) => id)
    }),
    tables.transaction(async (tx) => tx.rows.put({ id: 'e' })),
  ])
  const told = settled.map((one) => (one.status === 'rejected' ? (one.reason.code ?? one.reason.message) : one.value))
  assert.deepEqual(told, [{ id: 'a' }, 'undone', 'TRANSACTION_INVALID', ['a', 'd'], 'TRANSACTION_INVALID'])
  assert.deepEqual(
    tables.rows.all().map(({ id }) => id),
    ['a', 'd'],
  )
})

test('functions that run together keep to limits as if each ran alone', async () => {
  const { engine, tables } = await opened({ writesMax: 3 })
  engine.keyCharactersMax = 20_000
  engine.outcomes = Array.from({ length: 6 }, () => ({ type: 'conflict' }))
  const two = (first: string, second: string) =>
    tables.transaction((tx) => {
      tx.rows.put({ id: first })
      tx.rows.put({ id: second })
    })
  const settled = await Promise.allSettled([
    two('a', 'b'),
    two('c', 'd'),
    tables.transaction((tx) => tx.rows.put({ id: 'x'.repeat(30_000) })),
    two('e', 'f'),
    tables.transaction((tx) => ['g', 'h', 'i', 'j'].map((id) => tx.rows.put({ id }))),
    two('k', 'l'),
  ])
  const told = settled.map((one) => (one.status === 'rejected' ? one.reason.code : 'done'))
  assert.deepEqual(told, ['done', 'done', 'MEMORY_FULL', 'done', 'TRANSACTION_INVALID', 'done'])
  assert.equal(tables.rows.size, 8)
})

test('whoever follows the changes is told that the replica was replaced, that all was lost, and that it is over', async () => {
  const { engine, tables, close } = await opened()
  await tables.rows.put({ id: 'a' })
  const changes = tables.rows.changes()
  const next = async () => (await changes.next()).value
  assert.deepEqual(await next(), { type: 'snapshot', reason: 'start', rows: [{ id: 'a' }] })
  engine.copy = { identity: 'one', applied: 9, store: new Store() }
  engine.copy.store.apply({ type: 'put', table: 'rows', key: 'b', row: { id: 'b' } }, 0)
  engine.listener?.restored('one')
  assert.deepEqual(await next(), { type: 'snapshot', reason: 'rejoined', rows: [{ id: 'b' }] })
  engine.copy = { identity: 'two', applied: 0, store: new Store() }
  engine.listener?.restored('two')
  assert.deepEqual(await next(), { type: 'snapshot', reason: 'reset', rows: [] })
  await tables.rows.put({ id: 'c' })
  assert.ok(engine.copy.store.get('$schema', 'rows') !== undefined, 'the new cluster is told what the tables are')
  const waiting = changes.next()
  close()
  await assert.rejects(waiting, { code: 'TABLES_STOPPED' })
  assert.equal((await changes.next()).done, true)
  assert.equal(engine.listener, undefined)
})
