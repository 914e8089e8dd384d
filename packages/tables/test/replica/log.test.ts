import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, random } from '@tiebeam/testing'
import { Copy } from '../../src/replica/copy.ts'
import type { Entry } from '../../src/replica/entry.ts'
import { Log } from '../../src/replica/log.ts'
import { Outcomes } from '../../src/replica/outcomes.ts'
import { Store } from '../../src/store/store.ts'

function entry(epoch: number, index: number, key = index): Entry {
  const origin = { uid: 'writer', sequence: index, settled: 0 }
  return {
    epoch,
    index,
    body: { type: 'transaction', origin, writes: [{ type: 'put', table: 't', key, row: { index } }] },
  }
}

function copyOf(...entries: Entry[]): Copy {
  const copy = new Copy('cluster', new Store())
  for (const one of entries) copy.place(one)
  return copy
}

test('what is forgotten stays known by its epoch, and the rest keeps its place', () => {
  const log = new Log()
  for (let index = 1; index <= 5; index += 1) log.append(entry(index < 3 ? 1 : 2, index))
  log.forget(3)
  assert.deepEqual(log.base, { index: 3, epoch: 2 })
  assert.deepEqual([log.length, log.lastIndex, log.epochAt(2), log.epochAt(3), log.epochAt(4)], [2, 5, undefined, 2, 2])
  assert.deepEqual(
    log.from(4, 1).map(({ index }) => index),
    [4],
  )
  log.forget(9)
  assert.equal(log.length, 2, 'nothing beyond the end can be forgotten')
})

test('an entry of another epoch replaces what stood there and all after it; the same entry again changes nothing', () => {
  const copy = copyOf(entry(1, 1), entry(1, 2), entry(1, 3))
  copy.place(entry(1, 2))
  assert.equal(copy.log.lastIndex, 3)
  copy.place(entry(2, 2))
  assert.deepEqual([copy.log.lastIndex, copy.log.epochAt(2)], [2, 2])
})

test('rule 6: what is applied is never replaced', () => {
  const copy = copyOf(entry(1, 1), entry(1, 2))
  copy.applyUpTo(2, 0)
  assert.throws(() => copy.place(entry(2, 2)), /rolled back/)
})

test('a transaction conflicts with the first later write to what it read, and with a snapshot older than the log', () => {
  const copy = copyOf(entry(1, 1, 7), entry(1, 2, 8), entry(1, 3, 9), entry(1, 4, 8))
  const read = (key: number) => [{ type: 'row', table: 't', key } as const]
  assert.equal(copy.conflict(read(8), 1), 2)
  assert.equal(copy.conflict(read(8), 2), 4)
  assert.equal(copy.conflict(read(8), 4), undefined)
  assert.equal(copy.conflict([], 0), undefined, 'one that read nothing conflicts with nothing')
  copy.applyUpTo(4, 0)
  copy.log.forget(2)
  assert.equal(copy.conflict(read(1), 1), 4, 'what happened since is not known any longer')
})

test('rule 9: outcomes are known until their writer has settled them, and writers until they are forgotten', () => {
  const outcomes = new Outcomes()
  const commit = (sequence: number, settled: number): void => {
    outcomes.apply({
      epoch: 1,
      index: 1,
      body: { type: 'transaction', origin: { uid: 'a', sequence, settled }, writes: [] },
    })
  }
  outcomes.apply({ epoch: 1, index: 1, body: { type: 'view', uids: ['a', 'b'] } })
  commit(2, 0)
  assert.deepEqual([outcomes.has('a', 1), outcomes.has('a', 2)], [false, true])
  commit(4, 3)
  assert.deepEqual([outcomes.has('a', 1), outcomes.has('a', 4), outcomes.has('a', 5)], [true, true, false])
  assert.deepEqual(outcomes.records()[0]?.committed, [4], 'settled ones take no room')
  outcomes.apply({ epoch: 2, index: 2, body: { type: 'view', uids: ['b'] } })
  assert.deepEqual(outcomes.departed(), ['a'])
  outcomes.apply({ epoch: 2, index: 3, body: { type: 'forget', uids: ['a'] } })
  assert.deepEqual([outcomes.knows('a'), outcomes.knows('b')], [false, true])
})

test('a log from which entries come and go agrees with a plain list', () => {
  const dice = random()
  for (let round = 0; round < cases(500); round += 1) {
    const log = new Log()
    let naive: Entry[] = []
    let base = 0
    for (let step = 0; step < 200; step += 1) {
      const last = base + naive.length
      if (dice.chance(0.6)) {
        const one = entry(1, last + 1)
        log.append(one)
        naive.push(one)
      } else if (dice.chance(0.3)) {
        const index = dice.integer(base, last + 1)
        log.cut(index)
        naive = naive.slice(0, index - base)
      } else {
        const index = dice.integer(base, last + 1)
        log.forget(index)
        naive = naive.slice(index - base)
        base = index
      }
      assert.equal(log.lastIndex, base + naive.length)
      assert.equal(log.length, naive.length)
      assert.deepEqual(log.from(base + 1), naive)
      const index = dice.integer(0, base + naive.length + 2)
      assert.equal(log.at(index), naive[index - base - 1])
    }
  }
})
