import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, tuple } from '@tiebeam/etf'
import { waitFor } from '@tiebeam/testing'
import { ends, type OpenMembers } from './members.ts'

/** What rows hold, and what they cannot. */
export function testValues(name: string, open: OpenMembers): void {
  test(`${name}: what is read cannot be changed in place, nor by whoever wrote it`, async (context) => {
    const { first, last } = await ends(open, context)
    const cart = ['tea']
    await first.sessions.put({ id: 's', user: 'ada', cart })
    cart.push('cake')
    await last.sync()
    for (const tables of [first, last]) {
      const row = tables.sessions.get('s')
      assert.ok(row !== undefined)
      assert.deepEqual(row.cart, ['tea'])
      assert.throws(() => (row.cart as string[]).push('cake'), TypeError)
      assert.throws(() => Object.assign(row, { user: 'bo' }), TypeError)
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
