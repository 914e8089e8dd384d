import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Replica } from '../../src/replica/replica.ts'
import { Members } from './members.ts'

function valueAt(replica: Replica | undefined, key: number): unknown {
  return replica?.copy.store.get('t', key)?.call
}

test('the first process founds a cluster, the others join, and a write is settled when all hold it', () => {
  const members = new Members()
  const [first, second, third] = members.form('one', 'two', 'three')
  assert.equal(members.register.view?.members.length, 3)
  members.put(third as Replica, 1)
  assert.equal(members.outcome(1), 'committed')
  members.run(1000)
  assert.deepEqual(
    [first, second, third].map((replica) => valueAt(replica, 1)),
    [1, 1, 1],
  )
})

test('rule 2: nothing is committed, shown or settled while one member does not hold it', () => {
  const members = new Members()
  const [first, second] = members.form('one', 'two', 'three')
  members.isLost = (_from, to) => to === 'three'
  members.put(second as Replica, 1)
  assert.equal(members.outcome(1), undefined)
  assert.equal(valueAt(first, 1), undefined)
  members.isLost = () => false
  members.run(1500)
  assert.equal(members.outcome(1), 'committed')
})

test('a member that is not heard is left out after a while, and the write goes on', () => {
  const members = new Members()
  const [, second, third] = members.form('one', 'two', 'three')
  members.isLost = (from, to) => from === 'three' || to === 'three'
  members.put(second as Replica, 1)
  members.isAuthorityDown = true
  members.run(5000, () => third?.isCutOff === true)
  members.put(third as Replica, 2)
  assert.equal(members.outcome(2), 'CUT_OFF', 'it knows that it is cut off')
  members.isAuthorityDown = false
  members.run(5000)
  assert.equal(members.outcome(1), 'committed')
  assert.equal(members.register.view?.members.length, 2)
  members.put(third as Replica, 3)
  assert.equal(members.outcome(3), 'NOT_A_MEMBER', 'it has asked the authority')
})

test('a member that ended, with proof, is left out at once', () => {
  const members = new Members()
  const [first, , third] = members.form('one', 'two', 'three')
  members.replicas.delete('three')
  members.hand(first as Replica, { type: 'lost', uid: third?.self.uid ?? '' })
  members.run(100)
  assert.equal(members.register.view?.members.length, 2)
})

test('a lost primary is replaced by a member, which finishes what was under way, once', () => {
  const members = new Members()
  const [, second, third] = members.form('one', 'two', 'three')
  // The entry reaches a member, its acknowledgement nobody: the primary ends with it uncommitted.
  members.isLost = (_from, to) => to === 'one'
  members.put(second as Replica, 1)
  members.isLost = () => false
  members.hand(second as Replica, { type: 'tick' })
  members.replicas.delete('one')
  members.run(6000)
  assert.equal(members.outcome(1), 'committed')
  assert.equal(members.register.view?.members.length, 2)
  assert.deepEqual(
    [second, third].map((replica) => valueAt(replica, 1)),
    [1, 1],
  )
  const entries = second?.copy.log.from(second.copy.log.base.index + 1) ?? []
  assert.ok(entries.filter(({ body }) => body.type === 'transaction').length <= 1)
})

test('a process that was excluded comes back with what it had applied, and needs no snapshot', () => {
  const members = new Members()
  const [first, second, third] = members.form('one', 'two', 'three')
  members.put(second as Replica, 1)
  members.isLost = (from, to) => from === 'three' || to === 'three'
  members.run(5000)
  members.put(first as Replica, 2)
  members.isLost = () => false
  members.run(3000, () => third?.isExcluded === true)
  const snapshots = members.count('restored')
  const back = members.start('three', third?.legacy())
  assert.equal(valueAt(back, 1), 1, 'it can be read all the time')
  members.run(5000, () => back.isMember && back.isAligned)
  members.run(1000)
  assert.equal(valueAt(back, 2), 2)
  assert.equal(members.count('restored'), snapshots)
})

test('a process that found no view looks again as soon as it meets one that is in a view', () => {
  const members = new Members()
  const [first] = members.form('one')
  members.isAuthorityDown = true
  const second = members.start('two')
  members.run(50)
  members.isAuthorityDown = false
  members.run(600)
  const before = second.view
  members.hand(second, { type: 'met' })
  members.run(50)
  assert.deepEqual([before, second.view], [undefined, first?.view], 'it asked in vain before, and waited')
})

test('a snapshot travels in chunks, and no more of them than the receiver has room for', () => {
  const members = new Members({ chunkRowsMax: 10, chunksInFlightMax: 3 })
  const [first] = members.form('one')
  for (let call = 1; call <= 200; call += 1) members.put(first as Replica, call)
  members.isLost = (_from, _to, { type }) => type === 'chunkTaken'
  const second = members.start('two')
  members.run(900)
  const numbers = members.sent.flatMap((message) => (message.type === 'chunk' ? [message.number] : []))
  assert.deepEqual([...new Set(numbers)], [0, 1, 2])
  members.isLost = () => false
  members.run(5000, () => second.isMember)
  members.run(1000)
  assert.equal(second.copy.store.size('t'), 200)
})

test('a snapshot goes on after a pause that is no reason to give anybody up', () => {
  const members = new Members({ chunkRowsMax: 10, chunksInFlightMax: 1 })
  const [first] = members.form('one')
  for (let call = 1; call <= 200; call += 1) members.put(first as Replica, call)
  members.isLost = (_from, _to, message) => message.type === 'chunkTaken' && message.number === 5
  const second = members.start('two')
  members.run(2000, () => members.sent.some((message) => message.type === 'chunk' && message.number === 5))
  members.isLost = (from) => from === 'one'
  members.run(1500)
  members.isLost = () => false
  members.run(5000, () => second.isMember)
  assert.equal(second.copy.store.size('t'), 200)
  const admissions = members.sent.flatMap((message) => (message.type === 'chunk' ? [message.admission] : []))
  assert.equal(new Set(admissions).size, 1)
})

test('the log is bounded: a primary takes no more than it has room for until all have applied', () => {
  const members = new Members({ logEntriesMax: 20, suspectAfterMs: 60_000 })
  const [first, second] = members.form('one', 'two')
  members.isLost = (_from, to) => to === 'two'
  for (let call = 1; call <= 100; call += 1) members.put(first as Replica, call)
  assert.equal(first?.copy.log.length, 20)
  members.isLost = () => false
  members.run(20_000)
  assert.equal(members.outcome(100), 'committed', 'the rest follows')
  assert.equal(second?.copy.store.size('t'), 100)
  assert.ok((first?.copy.log.length ?? 0) <= 20)
})

test('more calls at once than a process may have under way are refused, and nothing is done', () => {
  const members = new Members({ pendingMax: 2 })
  const [first, second] = members.form('one', 'two')
  members.isLost = (_from, to) => to === 'two'
  for (let call = 1; call <= 3; call += 1) members.put(first as Replica, call)
  assert.equal(members.outcome(3), 'TOO_MANY_PENDING')
  members.isLost = () => false
  members.run(3000)
  assert.deepEqual(
    [1, 2, 3].map((key) => valueAt(second, key)),
    [1, 2, undefined],
  )
})

test('a transaction whose reads were overwritten is refused, and its next attempt can succeed', () => {
  const members = new Members()
  const [first, second] = members.form('one', 'two')
  const snapshot = second?.copy.applied ?? 0
  members.put(first as Replica, 1, 7)
  const reads = [{ type: 'row', table: 't', key: 7 }] as const
  const writes = [{ type: 'put', table: 't', key: 8, row: { call: 2 } }] as const
  members.hand(second as Replica, { type: 'transact', call: 2, snapshot, reads, writes })
  members.run(1000)
  assert.equal(members.outcome(2), 'conflict')
  members.effects.length = 0
  members.hand(second as Replica, { type: 'transact', call: 2, snapshot: second?.copy.applied ?? 0, reads, writes })
  members.run(1000)
  assert.equal(members.outcome(2), 'committed')
})

test('while the authority is down writes go on, and nobody is let in or left out', () => {
  const members = new Members()
  const [first] = members.form('one', 'two')
  members.isAuthorityDown = true
  const third = members.start('three')
  members.run(3000)
  members.put(first as Replica, 1)
  assert.equal(members.outcome(1), 'committed')
  assert.ok(!third.isMember)
  members.isAuthorityDown = false
  members.run(5000, () => third.isMember)
  assert.ok(third.isMember)
})

test('a primary that leaves hands over first, and the last one leaves an empty view', () => {
  const members = new Members()
  const [first, second] = members.form('one', 'two')
  members.put(first as Replica, 1)
  members.hand(first as Replica, { type: 'leave' })
  members.run(2000, () => members.count('left') === 1)
  members.replicas.delete('one')
  assert.equal(members.register.view?.primary, second?.self.uid)
  members.put(second as Replica, 2)
  assert.equal(members.outcome(2), 'committed', 'without any wait')
  members.hand(second as Replica, { type: 'leave' })
  members.run(2000, () => members.count('left') === 2)
  assert.deepEqual(members.register.view?.members, [])
})

test('a record of the authority that went back is reported, and nothing is done about it', () => {
  const members = new Members()
  const [first] = members.form('one', 'two')
  const view = first?.view
  members.hand(first as Replica, { type: 'authority', answer: { type: 'stands', view: undefined } })
  assert.equal(members.count('recordWentBack'), 1)
  assert.equal(first?.view, view)
  members.put(first as Replica, 1)
  assert.equal(members.outcome(1), 'committed')
})

test('a row with a time to live goes by an entry of the primary, at every member', () => {
  const members = new Members()
  const [first, second] = members.form('one', 'two')
  const writes = [{ type: 'put', table: 't', key: 1, row: { call: 1 }, ttlMs: 2000 }] as const
  members.hand(second as Replica, { type: 'transact', call: 1, snapshot: 0, reads: [], writes })
  members.run(1900)
  assert.equal(valueAt(second, 1), 1)
  members.run(600)
  assert.deepEqual([valueAt(first, 1), valueAt(second, 1)], [undefined, undefined])
})
