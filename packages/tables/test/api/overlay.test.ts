import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, random } from '@tiebeam/testing'
import { Overlay } from '../../src/api/overlay.ts'
import { compareKeys, type Key } from '../../src/store/key.ts'
import { isWithin, type Range, type Read, touches } from '../../src/store/read.ts'
import { Store } from '../../src/store/store.ts'
import type { Row, Write } from '../../src/store/write.ts'

const KEYS = 8
const GROUPS = 3

interface Looked {
  readonly what: string
  /** Looks again, in rows of any state. */
  readonly in: (rows: ReadonlyMap<number, Row>) => unknown
}

function rangeOf(dice: ReturnType<typeof random>, keys: number): Range {
  const bound = () => ({ key: dice.integer(keys), inclusive: dice.chance(0.5) })
  return { ...(dice.chance(0.7) ? { from: bound() } : {}), ...(dice.chance(0.7) ? { to: bound() } : {}) }
}

function ordered<T>(found: T[], order: (left: T, right: T) => number, isReverse: boolean, limit: number): T[] {
  const sorted = found.sort(order)
  return (isReverse ? sorted.reverse() : sorted).slice(0, limit === Number.POSITIVE_INFINITY ? undefined : limit)
}

/** The naive model: rows in a plain Map, looked through from end to end. */
function rangeIn(rows: ReadonlyMap<number, Row>, range: Range, isReverse: boolean, limit: number): Key[] {
  return ordered(
    [...rows.keys()].filter((key) => isWithin(key, range)),
    compareKeys,
    isReverse,
    limit,
  )
}

function groupsIn(rows: ReadonlyMap<number, Row>, range: Range, isReverse: boolean, limit: number): Key[] {
  const found = [...rows].filter(([, { group }]) => group !== undefined && isWithin(group as Key, range))
  const order = ([left, leftRow]: [number, Row], [right, rightRow]: [number, Row]): number =>
    compareKeys(leftRow.group as Key, rightRow.group as Key) || compareKeys(left, right)
  return ordered(found, order, isReverse, limit).map(([key]) => key)
}

function row(dice: ReturnType<typeof random>): Row {
  return { value: dice.integer(1000), ...(dice.chance(0.8) ? { group: dice.integer(GROUPS) } : {}) }
}

test('a transaction sees what a naive model sees, writes what it wrote, and notes all that could have been different', () => {
  const dice = random()
  for (let round = 0; round < cases(20_000); round += 1) {
    const definition = { ordered: true, indexes: { group: { fields: ['group'] } } }
    const store = new Store({ t: definition })
    const base = new Map<number, Row>()
    for (let key = 0; key < KEYS; key += 1) {
      if (dice.chance(0.5)) continue
      base.set(key, row(dice))
      store.apply({ type: 'put', table: 't', key, row: base.get(key) as Row }, 0)
    }
    const rows = new Map(base)
    const overlay = new Overlay('t', store.table('t'), { assertOpen: () => undefined, written: () => undefined })
    const looked: Looked[] = []
    /** Own writes, to repeat over another base. */
    const done: ((over: Map<number, Row>) => void)[] = []
    for (let step = dice.integer(8); step >= 0; step -= 1) {
      const key = dice.integer(KEYS)
      const kind = dice.integer(12)
      const before = [...done]
      const look = (what: string, seen: unknown, find: (rows: ReadonlyMap<number, Row>) => unknown): void => {
        assert.deepEqual(seen, find(rows), `${what}, case ${round}`)
        looked.push({
          what,
          in: (other) => {
            const over = new Map(other)
            for (const write of before) write(over)
            return find(over)
          },
        })
      }
      const write = (change: (over: Map<number, Row>) => void): void => {
        change(rows)
        done.push(change)
      }
      if (kind < 2) {
        const written = row(dice)
        overlay.put(key, written, undefined)
        write((over) => over.set(key, written))
      } else if (kind === 2) {
        overlay.delete(key)
        write((over) => over.delete(key))
      } else if (kind === 3 && dice.chance(0.2)) {
        overlay.clear()
        write((over) => over.clear())
      } else if (kind < 6) {
        look(`row ${key}`, overlay.get(key), (over) => over.get(key))
      } else if (kind === 6) {
        look('size', overlay.size, (over) => over.size)
      } else {
        const isReverse = dice.chance(0.5)
        const limit = dice.chance(0.5) ? dice.integer(1, 4) : Number.POSITIVE_INFINITY
        const range = rangeOf(dice, kind < 9 ? KEYS : GROUPS)
        const find = kind < 9 ? rangeIn : groupsIn
        const found = kind < 9 ? overlay.range(range, isReverse, limit) : overlay.find('group', range, isReverse, limit)
        // The rows themselves are part of what was seen.
        look(
          `${find.name} ${JSON.stringify({ range, isReverse, limit })}`,
          found.map(({ key: one, row: held }) => [one, held]),
          (over) => find(over, range, isReverse, limit).map((one) => [one, over.get(one as number)]),
        )
      }
    }
    const writes: Write[] = []
    overlay.addWrites(writes)
    for (const write of writes) store.apply(write, 0)
    assert.deepEqual(
      new Map([...store.range('t', {})].map(({ key, row: held }) => [key, held])),
      sorted(rows),
      `case ${round}`,
    )
    const reads: Read[] = []
    overlay.addReads(reads)
    assertNoticed(dice, base, reads, looked, round)
  }
})

/** Whoever writes what would have changed anything that was seen conflicts. */
function assertNoticed(
  dice: ReturnType<typeof random>,
  base: ReadonlyMap<number, Row>,
  reads: readonly Read[],
  looked: readonly Looked[],
  round: number,
): void {
  for (let other = 0; other < 6; other += 1) {
    const changed = new Map(base)
    const key = dice.integer(KEYS)
    const put: Write = { type: 'put', table: 't', key, row: row(dice) }
    const write: Write = dice.chance(0.6)
      ? put
      : dice.chance(0.9)
        ? { type: 'delete', table: 't', key }
        : { type: 'clear', table: 't' }
    if (write.type === 'put') changed.set(key, write.row)
    else if (write.type === 'delete') changed.delete(key)
    else changed.clear()
    if (reads.some((read) => touches(write, read))) continue
    for (const { what, in: look } of looked) {
      assert.deepEqual(look(changed), look(base), `${what} missed ${JSON.stringify(write)}, case ${round}`)
    }
  }
}

function sorted(rows: ReadonlyMap<number, Row>): Map<number, Row> {
  return new Map([...rows].sort(([left], [right]) => left - right))
}
