import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ends, type OpenMembers } from './members.ts'

/** What each kind of table is read and written by. */
export function testKinds(name: string, open: OpenMembers): void {
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
}
