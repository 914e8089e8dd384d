import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, tuple } from '@tiebeam/etf'
import { waitFor } from '@tiebeam/testing'
import { bag, counter, orderedTable, table } from '../../src/api/definition.ts'
import type { Definitions } from '../../src/api/table.ts'
import type { Tables } from '../../src/api/tables.ts'

interface Session {
  readonly id: string
  readonly user: string
  readonly cart: readonly string[]
  readonly seen?: number
}

interface Order {
  readonly tenant: string
  readonly number: number
  readonly status: 'open' | 'paid'
  readonly email?: string
}

interface Tag {
  readonly page: string
  readonly tag: string
}

export const definitions = {
  sessions: table<Session>()({ key: 'id', indexes: ['user', { fields: ['user', 'seen'] }] }),
  orders: orderedTable<Order>()({
    key: ['tenant', 'number'],
    indexes: ['status', { fields: ['email'], name: 'address', unique: true }],
  }),
  tags: bag<Tag>()({ key: 'page', indexes: ['tag'] }),
  hits: counter(),
} satisfies Definitions

type ComplianceTables = Tables<typeof definitions>

/** Tables over the same rows, on as many members; ended with the test. */
export type OpenMembers = (context: { after(end: () => unknown): void }) => Promise<readonly ComplianceTables[]>

/** What the typed tables promise, whatever is below them. `name` is put before the name of each test. */
export function testCompliance(name: string, open: OpenMembers): void {
  test(`${name}: a row that was put is there at every member after a sync, and at the writer at once`, async (context) => {
    const [first, ...others] = await open(context)
    assert.ok(first !== undefined)
    await first.sessions.put({ id: 's1', user: 'ada', cart: ['tea'] })
    assert.deepEqual(first.sessions.get('s1'), { id: 's1', user: 'ada', cart: ['tea'] })
    assert.equal(first.sessions.has('s2'), false)
    for (const { sync, sessions } of others.map((tables) => ({
      sync: () => tables.sync(),
      sessions: tables.sessions,
    }))) {
      await sync()
      assert.deepEqual(sessions.get('s1'), { id: 's1', user: 'ada', cart: ['tea'] })
      assert.equal(sessions.size, 1)
    }
    await first.sessions.delete('s1')
    assert.equal(first.sessions.get('s1'), undefined)
    await first.sessions.delete('s1')
  })

  test(`${name}: rows are found by index, by compound index, and within bounds`, async (context) => {
    const { first, last } = await ends(open, context)
    await first.transaction((tx) => {
      tx.sessions.put({ id: 'a', user: 'ada', cart: [], seen: 1 })
      tx.sessions.put({ id: 'b', user: 'bo', cart: [], seen: 5 })
      tx.sessions.put({ id: 'c', user: 'ada', cart: [], seen: 9 })
      tx.sessions.put({ id: 'd', user: 'ada', cart: [] })
    })
    await last.sync()
    const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id)
    assert.deepEqual(ids(last.sessions.where('user', 'ada')), ['a', 'c', 'd'])
    assert.deepEqual(ids(last.sessions.where('user', { gt: 'ada' })), ['b'])
    assert.deepEqual(ids(last.sessions.where('user+seen', ['ada', 9])), ['c'])
    assert.deepEqual(ids(last.sessions.where('user+seen', { gte: ['ada'], lt: ['ada', 9] })), ['a'])
    assert.deepEqual(ids(last.sessions.where('user', { gte: 'a', reverse: true, limit: 2 })), ['b', 'd'])
    await last.sessions.update('a', (row) => row && { ...row, user: 'bo' })
    assert.deepEqual(ids(last.sessions.where('user', 'bo')), ['a', 'b'])
  })

  test(`${name}: an ordered table knows ranges, the first, the last, the next and the one before`, async (context) => {
    const { first: tables } = await ends(open, context)
    await tables.transaction((tx) => {
      for (const tenant of ['acme', 'best'])
        for (const number of [10, 1, 5]) tx.orders.put({ tenant, number, status: 'open' })
    })
    const numbers = (rows: readonly { readonly number: number }[]): number[] => rows.map(({ number }) => number)
    assert.deepEqual(numbers(tables.orders.range({ gte: ['acme'], lt: ['best'] })), [1, 5, 10])
    assert.deepEqual(numbers(tables.orders.range({ gt: ['acme', 1], reverse: true, limit: 2 })), [10, 5])
    assert.deepEqual(numbers(tables.orders.all()), [1, 5, 10, 1, 5, 10])
    assert.equal(tables.orders.first()?.tenant, 'acme')
    assert.equal(tables.orders.last({ lt: ['best'] })?.number, 10)
    assert.equal(tables.orders.next(['acme', 5])?.number, 10)
    assert.equal(tables.orders.previous(['acme', 5])?.number, 1)
    assert.equal(tables.orders.next(['best', 10]), undefined)
    assert.equal(tables.orders.get(['best', 5])?.status, 'open')
  })

  test(`${name}: a bag has any number of different rows under one key`, async (context) => {
    const { first, last } = await ends(open, context)
    await Promise.all(['red', 'blue', 'red'].map((tag) => first.tags.put({ page: 'home', tag })))
    await last.tags.put({ tag: 'red', page: 'about' })
    const tags = (): string[] =>
      last.tags
        .get('home')
        .map(({ tag }) => tag)
        .sort()
    assert.deepEqual(tags(), ['blue', 'red'])
    assert.equal(last.tags.size, 3)
    assert.deepEqual(
      last.tags
        .where('tag', 'red')
        .map(({ page }) => page)
        .sort(),
      ['about', 'home'],
    )
    await last.tags.deleteRow({ page: 'home', tag: 'red' })
    assert.deepEqual(tags(), ['blue'])
    await last.tags.delete('home')
    assert.equal(last.tags.has('home'), false)
    assert.equal(last.tags.has('about'), true)
  })

  test(`${name}: counters are exact, whoever counts`, async (context) => {
    const members = await open(context)
    const sums = await Promise.all(
      members.flatMap((tables) =>
        Array.from({ length: 40 }, (_, count) => tables.hits.increment('home', count % 2 === 0 ? 2 : -1)),
      ),
    )
    const [first] = members
    await first?.sync()
    assert.equal(first?.hits.get('home'), members.length * 20)
    assert.equal(new Set(sums).size > members.length, true)
    assert.equal(first?.hits.get('nobody'), 0)
    await first?.hits.set('home', 7)
    assert.deepEqual(first?.hits.all(), [{ key: 'home', value: 7 }])
  })

  test(`${name}: of many that put a row if it is absent, one does, and all others are told its row`, async (context) => {
    const members = await open(context)
    const calls = members.flatMap((tables, member) =>
      [0, 1, 2].map((count) => tables.sessions.putIfAbsent({ id: 'lock', user: `${member} ${count}`, cart: [] })),
    )
    const answers = await Promise.all(calls)
    const held = members[0]?.sessions.get('lock')
    assert.equal(answers.filter((answer) => answer === undefined).length, 1)
    for (const answer of answers) if (answer !== undefined) assert.deepEqual(answer, held)
  })

  test(`${name}: updates of one row by all members are all done, each on what the one before made`, async (context) => {
    const members = await open(context)
    const add = (tables: ComplianceTables, item: string): Promise<unknown> =>
      tables.sessions.update('s', (row) => ({ id: 's', user: 'ada', cart: [...(row?.cart ?? []), item] }))
    await Promise.all(
      members.flatMap((tables, member) => Array.from({ length: 8 }, (_, item) => add(tables, `${member} ${item}`))),
    )
    await members[0]?.sync()
    const cart = members[0]?.sessions.get('s')?.cart ?? []
    assert.equal(new Set(cart).size, members.length * 8)
    assert.equal(cart.length, members.length * 8)
  })

  test(`${name}: a transaction reads its own writes, and writes all or nothing`, async (context) => {
    const { first, last } = await ends(open, context)
    await first.orders.put({ tenant: 'acme', number: 1, status: 'open' })
    const seen = await first.transaction((tx) => {
      tx.orders.put({ tenant: 'acme', number: 2, status: 'open' })
      tx.orders.delete(['acme', 1])
      tx.hits.increment('orders')
      tx.sessions.put({ id: 's', user: 'ada', cart: [] })
      const open = tx.orders.where('status', 'open').map(({ number }) => number)
      const own = tx.orders.range({}).map(({ number }) => number)
      return { open, own, size: tx.orders.size, hits: tx.hits.get('orders') }
    })
    assert.deepEqual(seen, { open: [2], own: [2], size: 1, hits: 1 })
    const failure = new Error('changed my mind')
    const failing = last.transaction((tx) => {
      tx.orders.clear()
      tx.sessions.put({ id: 't', user: 'bo', cart: [] })
      throw failure
    })
    await assert.rejects(failing, (error) => error === failure)
    await last.sync()
    assert.equal(last.orders.size, 1)
    assert.equal(last.sessions.has('t'), false)
    assert.equal(last.sessions.has('s'), true)
  })

  test(`${name}: transfers between accounts by all members at once leave the sum as it was`, async (context) => {
    const members = await open(context)
    const [first] = members
    await first?.transaction((tx) => {
      for (const name of ['a', 'b', 'c']) tx.hits.set(name, 100)
    })
    const transfer = (tables: ComplianceTables, from: string, to: string): Promise<void> =>
      tables.transaction((tx) => {
        if (tx.hits.get(from) === 0) return
        tx.hits.increment(from, -1)
        tx.hits.increment(to)
      })
    const sums: number[] = []
    const audit = async (tables: ComplianceTables): Promise<void> => {
      sums.push(await tables.transaction((tx) => tx.hits.all().reduce((sum, { value }) => sum + value, 0)))
    }
    const names = ['a', 'b', 'c', 'a']
    await Promise.all(
      members.flatMap((tables) =>
        [0, 1, 2].flatMap((at) => [transfer(tables, names[at] as string, names[at + 1] as string), audit(tables)]),
      ),
    )
    assert.deepEqual(new Set(sums), new Set([300]))
  })

  test(`${name}: of two that put different rows with one value of a unique index, one fails and says who holds it`, async (context) => {
    const { first, last } = await ends(open, context)
    const order = (number: number) => ({ tenant: 'acme', number, status: 'open', email: 'a@b' }) as const
    const results = await Promise.allSettled([first.orders.put(order(1)), last.orders.put(order(2))])
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    assert.equal(failures.length, 1)
    assert.equal(failures[0].code, 'UNIQUE_VIOLATED')
    assert.match(
      failures[0].message,
      /orders: a row with a@b in the unique index address is there already, under the key \[acme, [12]\]/,
    )
    await first.sync()
    const [held] = first.orders.where('address', 'a@b')
    assert.ok(held !== undefined)
    await first.orders.put({ ...held, status: 'paid' })
    await first.transaction((tx) => {
      tx.orders.delete([held.tenant, held.number])
      tx.orders.put(order(3))
    })
    assert.deepEqual(
      first.orders.where('address', 'a@b').map(({ number }) => number),
      [3],
    )
  })

  test(`${name}: what is read cannot be changed in place, nor by whoever wrote it`, async (context) => {
    const { first, last } = await ends(open, context)
    const cart = ['tea']
    await first.sessions.put({ id: 's', user: 'ada', cart })
    cart.push('cake')
    await last.sync()
    for (const tables of [first, last]) {
      const row = tables.sessions.get('s')
      assert.deepEqual(row?.cart, ['tea'])
      assert.throws(() => (row?.cart as string[]).push('cake'), TypeError)
      assert.throws(() => Object.assign(row as object, { user: 'bo' }), TypeError)
    }
  })

  test(`${name}: values of all kinds arrive as they were written, and what cannot be frozen is copied`, async (context) => {
    const { first, last } = await ends(open, context)
    const values = {
      numbers: [1, -1.5, 2 ** 40, 7n, 2n ** 80n],
      bytes: Uint8Array.of(1, 255),
      at: new Date(0),
      tags: new Set(['a']),
      byNumber: new Map([[1, { deep: true }]]),
      nothing: null,
      missing: undefined,
      term: tuple(atom('ok'), 'done'),
    }
    const row = { id: 'v', user: 'ada', cart: [], values }
    await first.sessions.put(row)
    await last.sync()
    for (const tables of [first, last]) {
      const read = tables.sessions.get('v') as unknown as typeof row
      assert.deepEqual(read, row)
      read.values.bytes[0] = 9
      read.values.tags.add('b')
      assert.deepEqual(tables.sessions.get('v'), row)
    }
  })

  test(`${name}: rows expire after the time of the row or of its table`, async (context) => {
    const { first, last } = await ends(open, context)
    await first.sessions.put({ id: 'short', user: 'ada', cart: [] }, { ttl: 50 })
    await first.sessions.put({ id: 'long', user: 'ada', cart: [] }, { ttl: '1h' })
    await waitFor(() => !first.sessions.has('short') && !last.sessions.has('short'))
    assert.equal(first.sessions.has('long'), true)
  })

  test(`${name}: bad input is a typed error, and nothing is written`, async (context) => {
    const { first } = await ends(open, context)
    const { sessions, orders, hits } = first
    const good = { id: 'x', user: 'ada', cart: [] }
    const cases: readonly [string, () => Promise<unknown>, string, RegExp][] = [
      ['no key', () => sessions.put({ user: 'ada', cart: [] } as never), 'KEY_INVALID', /sessions is the field id/],
      ['a key that is none', () => sessions.put({ ...good, id: [] } as never), 'KEY_INVALID', /\[\] in its field id/],
      ['half a compound key', () => orders.delete(['acme'] as never), 'KEY_INVALID', /tenant, number/],
      ['no object', () => sessions.put(5 as never), 'ROW_INVALID', /not a plain object/],
      ['an instance', () => sessions.put(new (class Odd {})() as never), 'ROW_INVALID', /an instance of Odd/],
      ['a function', () => sessions.put({ ...good, f: [{ g: () => 1 }] } as never), 'ROW_INVALID', /row\.f\[0\]\.g/],
      ['an infinity', () => sessions.put({ ...good, seen: 1 / 0 }), 'ROW_INVALID', /row\.seen is Infinity/],
      ['half a pair', () => sessions.put({ ...good, user: '\ud800' }), 'ROW_INVALID', /row\.user/],
      ['a cycle', () => sessions.put(cyclic(good) as never), 'ROW_INVALID', /contains itself/],
      [
        'a Map that would not come back',
        () => sessions.put({ ...good, map: new Map([['a', 1]]) } as never),
        'ROW_INVALID',
        /row\.map/,
      ],
      ['a ttl', () => sessions.put(good, { ttl: '5 years' as never }), 'OPTION_INVALID', /ttl/],
      ['another key', () => sessions.update('x', () => ({ ...good, id: 'y' })), 'KEY_INVALID', /another key/],
      ['a fraction', () => hits.increment('a', 0.5), 'ROW_INVALID', /0\.5/],
      ['a promise', () => first.transaction(async (tx) => tx.sessions.put(good)), 'TRANSACTION_INVALID', /synchronous/],
      [
        'an async update',
        () => sessions.update('x', (async () => good) as never),
        'TRANSACTION_INVALID',
        /synchronous/,
      ],
      [
        'a write outside',
        () => first.transaction(() => void sessions.put(good)),
        'TRANSACTION_INVALID',
        /sessions\.put/,
      ],
      [
        'a hidden one',
        () =>
          first.transaction((tx) =>
            hide(
              () => sessions.put(good),
              () => tx.hits.increment('a'),
            ),
          ),
        'TRANSACTION_INVALID',
        /sessions\.put/,
      ],
      [
        'a transaction within',
        () => first.transaction(() => void first.transaction(() => 1)),
        'TRANSACTION_INVALID',
        /transaction/,
      ],
    ]
    for (const [what, call, code, message] of cases) {
      await assert.rejects(call, (error: Error & { code?: string }) => {
        assert.equal(error.code, code, `${what}: ${error.message}`)
        assert.match(error.message, message, what)
        return true
      })
    }
    assert.throws(() => sessions.get(undefined as never), { code: 'KEY_INVALID' })
    assert.throws(() => sessions.where('age' as never, 1 as never), { code: 'OPTION_INVALID' })
    let kept: { readonly sessions: { put(row: typeof good): void } } | undefined
    await first.transaction((tx) => {
      kept = tx
    })
    assert.throws(() => kept?.sessions.put(good), { code: 'TRANSACTION_INVALID' })
    assert.equal(sessions.size + orders.size + hits.size, 0)
  })

  test(`${name}: changes begin with a snapshot, and go on in order and without gaps`, async (context) => {
    const { first, last } = await ends(open, context)
    await first.sessions.put({ id: 'a', user: 'ada', cart: [] })
    await last.sync()
    const changes = last.sessions.changes()
    const all = last.changes()
    assert.deepEqual((await changes.next()).value, { type: 'snapshot', reason: 'start', rows: last.sessions.all() })
    assert.equal((await all.next()).value?.type, 'snapshot')
    await first.transaction((tx) => {
      tx.sessions.put({ id: 'b', user: 'bo', cart: [] })
      tx.hits.increment('home')
      tx.sessions.delete('a')
    })
    await first.sessions.put({ id: 'b', user: 'eve', cart: [] }, { ttl: 50 })
    const told: unknown[] = []
    for await (const change of changes) {
      told.push(change)
      if (change.type === 'expire') break
    }
    const [b, eve, a] = [
      { id: 'b', user: 'bo', cart: [] },
      { id: 'b', user: 'eve', cart: [] },
      { id: 'a', user: 'ada', cart: [] },
    ]
    assert.deepEqual(told, [
      { type: 'put', key: 'b', row: b, before: undefined },
      { type: 'delete', key: 'a', before: a },
      { type: 'put', key: 'b', row: eve, before: b },
      { type: 'expire', key: 'b', before: eve },
    ])
    const { value: commit } = await all.next()
    assert.ok(commit?.type === 'commit')
    assert.deepEqual(commit.changes.map(({ table, type }) => `${table} ${type}`).sort(), [
      'hits put',
      'sessions delete',
      'sessions put',
    ])
    await all.return?.()
  })

  test(`${name}: a slow reader of changes gets a fresh snapshot rather than an endless queue`, async (context) => {
    const { first } = await ends(open, context)
    const controller = new AbortController()
    const changes = first.sessions.changes({ changesMax: 5, signal: controller.signal })
    await changes.next()
    for (let count = 0; count < 10; count += 1) await first.sessions.put({ id: `${count}`, user: 'ada', cart: [] })
    const next = (await changes.next()).value
    assert.ok(next?.type === 'snapshot')
    assert.equal(next.reason, 'overflow')
    assert.equal(next.rows.length, 10)
    await first.sessions.clear()
    assert.deepEqual((await changes.next()).value, { type: 'clear' })
    const waiting = changes.next()
    controller.abort()
    assert.equal((await waiting).done, true)
  })
}

async function ends(open: OpenMembers, context: Parameters<OpenMembers>[0]) {
  const members = await open(context)
  const [first] = members
  const last = members.at(-1)
  assert.ok(first !== undefined && last !== undefined)
  return { first, last }
}

function cyclic(row: object): object {
  const knot: Record<string, unknown> = { ...row }
  knot.self = knot
  return knot
}

/** Does what must not be done and keeps quiet about it, and then something allowed. */
function hide(wrong: () => unknown, right: () => unknown): void {
  try {
    wrong()
  } catch {
    right()
  }
}
