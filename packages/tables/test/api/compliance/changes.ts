import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ends, type OpenMembers } from './members.ts'

/** What those who follow a table are told. */
export function testChanges(name: string, open: OpenMembers): void {
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
