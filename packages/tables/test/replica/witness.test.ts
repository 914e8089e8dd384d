import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../src/replica/message.ts'
import type { Replica } from '../../src/replica/replica.ts'
import { Members } from './members.ts'

function formed(...nodes: readonly string[]): { readonly members: Members; readonly replicas: Replica[] } {
  const members = new Members()
  const replicas = members.form(...nodes)
  members.run(1000)
  members.sent.length = 0
  return { members, replicas }
}

const isToPrimary = ({ type, to }: Message, primary: Replica) => type === 'acknowledge' && to === primary.self.uid

test('a writer knows that its write is committed once the others told it, before the primary does', () => {
  const { members, replicas } = formed('one', 'two', 'three')
  const [primary, writer] = replicas as [Replica, Replica]
  members.isLost = (_from, _to, message) => isToPrimary(message, primary)
  members.put(writer, 1)
  assert.equal(members.outcome(1), 'committed')
  assert.ok(writer.copy.applied > primary.copy.applied)
  members.isLost = () => false
  members.run(1000)
  assert.equal(primary.copy.applied, writer.copy.applied)
})

test('of two members the writer knows it when it holds its write', () => {
  const { members, replicas } = formed('one', 'two')
  const [primary, writer] = replicas as [Replica, Replica]
  members.isLost = (_from, _to, message) => isToPrimary(message, primary)
  members.put(writer, 1)
  assert.equal(members.outcome(1), 'committed')
})

test('a writer that the others cannot reach hears of it from the primary', () => {
  const { members, replicas } = formed('one', 'two', 'three')
  const [, writer] = replicas as [Replica, Replica]
  members.isLost = (from, to) => from === 'three' && to === 'two'
  for (const call of [1, 2, 3]) members.put(writer, call)
  members.run(1000)
  for (const call of [1, 2, 3]) assert.equal(members.outcome(call), 'committed')
})

test('a fence covers what a writer knew to be committed, though the primary did not', () => {
  const { members, replicas } = formed('one', 'two', 'three')
  const [primary, writer, reader] = replicas as [Replica, Replica, Replica]
  members.isLost = (_from, _to, message) => isToPrimary(message, primary)
  members.put(writer, 1)
  assert.equal(members.outcome(1), 'committed')
  members.isLost = () => false
  assert.equal(reader.copy.store.size('t'), 0)
  members.hand(reader, { type: 'sync', call: 2 })
  members.run(1000, () => members.outcome(2) !== undefined)
  assert.equal(members.outcome(2), 'synced')
  assert.equal(reader.copy.store.size('t'), 1)
})

test('what a writer knew to be committed is not lost with its primary', () => {
  const { members, replicas } = formed('one', 'two', 'three')
  const [primary, writer, other] = replicas as [Replica, Replica, Replica]
  members.isLost = (_from, _to, message) => isToPrimary(message, primary)
  members.put(writer, 1)
  assert.equal(members.outcome(1), 'committed')
  members.replicas.delete('one')
  members.isLost = () => false
  members.run(20_000, () => [writer, other].every(({ view }) => view?.members.length === 2))
  members.run(1000)
  for (const { copy } of [writer, other]) assert.equal(copy.store.size('t'), 1)
})

test('while a joiner may begin to count, nobody but the primary finds out what is committed', () => {
  const { members, replicas } = formed('one', 'two')
  const [primary, writer] = replicas as [Replica, Replica]
  members.isLost = (from, _to, { type }) => from === 'three' && type === 'acknowledge'
  members.start('three')
  members.run(1000)
  members.isLost = (_from, _to, message) => isToPrimary(message, primary)
  members.put(writer, 1)
  assert.equal(members.outcome(1), undefined)
  members.isLost = () => false
  members.run(2000)
  assert.equal(members.outcome(1), 'committed')
})

test('an answer that can wait goes along with the next write, and otherwise at the end of the turn', () => {
  const { members, replicas } = formed('one', 'two')
  const [primary, writer] = replicas as [Replica, Replica]
  members.put(writer, 1)
  const [append] = members.sent.filter(({ type, to }) => type === 'append' && to === writer.self.uid)
  assert.ok(append?.type === 'append')
  const next: Message = {
    ...append,
    previous: { index: append.previous.index + 1, epoch: append.epoch },
    entries: append.entries.map((entry) => ({ ...entry, index: entry.index + 1 })),
    commit: append.commit + 1,
  }
  writer.step({ type: 'message', message: next }, members.nowMs)
  const told = () => writer.ready(false).flatMap((effect) => (effect.type === 'send' ? [effect.message.type] : []))
  assert.deepEqual(told(), [])
  assert.equal(writer.isHolding, true)
  const writes = [{ type: 'put', table: 't', key: 2, row: {} }] as const
  writer.step({ type: 'transact', call: 2, snapshot: 0, reads: [], writes }, members.nowMs)
  assert.deepEqual(told(), ['propose', 'acknowledge'])
  assert.equal(writer.isHolding, false)
  assert.equal(primary.isPrimary, true)
})
