import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../src/replica/message.ts'
import type { Replica } from '../../src/replica/replica.ts'
import { Members } from './members.ts'

function formed(): { readonly members: Members; readonly primary: Replica; readonly backup: Replica } {
  const members = new Members()
  const [primary, backup] = members.form('one', 'two') as [Replica, Replica]
  members.run(1000)
  members.sent.length = 0
  return { members, primary, backup }
}

function sent(members: Members, type: Message['type']): Message[] {
  return members.sent.filter((message) => message.type === type)
}

test('what is asked for in one turn leaves in one message, and each of it is settled', () => {
  const { members, backup } = formed()
  for (const call of [1, 2]) {
    const writes = [{ type: 'put', table: 't', key: call, row: {} }] as const
    backup.step({ type: 'transact', call, snapshot: 0, reads: [], writes }, members.nowMs)
  }
  members.put(backup, 3)
  assert.equal(sent(members, 'propose').length, 1)
  for (const call of [1, 2, 3]) assert.equal(members.outcome(call), 'committed')
})

test('what is asked for in one turn takes several messages where it is more than one may hold', () => {
  const members = new Members({ proposeBytesMax: 1000 })
  const [, backup] = members.form('one', 'two') as [Replica, Replica]
  members.sent.length = 0
  for (const call of [1, 2, 3]) {
    const writes = [{ type: 'put', table: 't', key: call, row: { text: 'x'.repeat(600) } }] as const
    backup.step({ type: 'transact', call, snapshot: 0, reads: [], writes }, members.nowMs)
  }
  members.hand(backup, { type: 'tick' })
  assert.equal(sent(members, 'propose').length, 3)
  for (const call of [1, 2, 3]) assert.equal(members.outcome(call), 'committed')
})

test('entries that come while others are on their way leave together once those are committed', () => {
  const { members, primary } = formed()
  members.isLost = (_from, _to, { type }) => type === 'acknowledge'
  for (const call of [1, 2, 3]) members.put(primary, call)
  assert.equal(sent(members, 'append').length, 1)
  members.isLost = () => false
  members.run(1000)
  for (const call of [1, 2, 3]) assert.equal(members.outcome(call), 'committed')
})

test('a member answers entries at once, and that they are committed with its next answer', () => {
  const { members, primary, backup } = formed()
  members.put(primary, 1)
  assert.equal(sent(members, 'acknowledge').length, 1)
  assert.equal(backup.copy.store.size('t'), 1)
  members.run(1000)
  const last = sent(members, 'acknowledge').at(-1) as Message & { readonly type: 'acknowledge' }
  assert.equal(last.applied, backup.copy.applied)
})
