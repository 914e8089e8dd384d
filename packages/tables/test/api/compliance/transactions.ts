import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ComplianceTables, ends, type OpenMembers } from './members.ts'

/** Writes that rest on what was read, by all members at once. */
export function testTransactions(name: string, open: OpenMembers): void {
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

  test(`${name}: of transactions on one row by all members, one after the other, none is passed over for ever`, async (context) => {
    const members = await open(context)
    const [first] = members
    const count = async (tables: ComplianceTables): Promise<void> => {
      for (let done = 0; done < 20; done += 1) await tables.transaction((tx) => tx.hits.increment('contended'))
    }
    await Promise.all(members.flatMap((tables) => Array.from({ length: 10 }, () => count(tables))))
    await first?.sync()
    assert.equal(first?.hits.get('contended'), members.length * 200)
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
}
