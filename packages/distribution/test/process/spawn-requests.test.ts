import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, Pid, Reference } from '@tiebeam/etf'
import { type PendingSpawn, type SpawnReplies, SpawnRequests } from '../../src/process/spawn-requests.ts'
import type { SpawnReplySignal } from '../../src/signals.ts'

const here = 'here@host'
const there = 'there@host'
const from = new Pid(here, 1, 0, 7)
const other = new Pid(here, 2, 0, 7)
const child = new Pid(there, 9, 0, 3)
const noconnection = atom('noconnection')

let references = 0
function request(init: Partial<PendingSpawn> = {}): PendingSpawn {
  references += 1
  const requestId = new Reference(here, 7, [references, 0, 0])
  return { requestId, from, node: there, link: false, monitor: true, replies: 'all', ...init }
}

function reply(pending: PendingSpawn, init: Partial<SpawnReplySignal> = {}): SpawnReplySignal {
  const flags = (pending.link ? 1 : 0) | (pending.monitor ? 2 : 0)
  return { type: 'spawnReply', requestId: pending.requestId, to: pending.from, flags, result: child, ...init }
}

function waiting(...pending: PendingSpawn[]): SpawnRequests {
  const requests = new SpawnRequests({ requestsMax: 3 })
  for (const each of pending) requests.add(each)
  return requests
}

test('a success sets up what was asked for, then tells the process, once', () => {
  const pending = request()
  const requests = waiting(pending)
  const effects = requests.replied(there, reply(pending))
  assert.deepEqual(
    effects.map((effect) => effect.type),
    ['related', 'reply'],
  )
  assert.equal(requests.size, 0)
  const plain = request({ monitor: false })
  assert.deepEqual(
    waiting(plain)
      .replied(there, reply(plain))
      .map((effect) => effect.type),
    ['reply'],
  )
})

test('only the answers come that the process wants', () => {
  const told = (replies: SpawnReplies, result: SpawnReplySignal['result']) => {
    const pending = request({ replies, monitor: false })
    return waiting(pending).replied(there, reply(pending, { result })).length === 1
  }
  const kinds = ['all', 'errors', 'successes', 'none'] as const
  assert.deepEqual(
    kinds.map((replies) => told(replies, child)),
    [true, false, true, false],
  )
  assert.deepEqual(
    kinds.map((replies) => told(replies, atom('notsup'))),
    [true, true, false, false],
  )
})

test('an answer of another node, or to another process, changes nothing', () => {
  const pending = request()
  const requests = waiting(pending)
  assert.deepEqual(requests.replied('elsewhere@host', reply(pending)), [])
  assert.deepEqual(requests.replied(there, reply(pending, { to: other })), [])
  assert.equal(requests.size, 1)
})

test('a lost connection answers all requests to that node with noconnection, and no others', () => {
  const [lost, kept] = [request(), request({ node: 'elsewhere@host' })]
  const requests = waiting(lost, kept)
  const effects = requests.disconnected(there)
  assert.deepEqual(effects, [{ type: 'reply', to: from, requestId: lost.requestId, result: noconnection }])
  assert.equal(requests.size, 1)
})

test('what answers an abandoned request is let go: its monitor is taken back, its link ends it', () => {
  const pending = request({ link: true })
  const requests = waiting(pending)
  assert.equal(requests.abandon(other, pending.requestId), false)
  assert.equal(requests.abandon(from, pending.requestId), true)
  assert.equal(requests.abandon(from, pending.requestId), false)
  assert.deepEqual(requests.replied(there, reply(pending)), [
    { type: 'demonitor', from, to: child, requestId: pending.requestId },
    { type: 'exit', from, to: child, reason: atom('abandoned') },
  ])
  assert.deepEqual(requests.replied(there, reply(pending, { result: atom('notsup') })), [])
})

test('what a process asked for that has ended since ends with its reason when it was to be linked', () => {
  const [linked, monitored] = [request({ link: true }), request()]
  const requests = waiting(linked, monitored)
  requests.ended(from, atom('crashed'))
  assert.equal(requests.size, 1, 'only the link is remembered')
  assert.deepEqual(requests.replied(there, reply(linked)).at(-1), {
    type: 'exit',
    from,
    to: child,
    reason: atom('crashed'),
  })
  assert.deepEqual(
    requests.replied(there, reply(monitored)).map((effect) => effect.type),
    ['demonitor'],
  )
  assert.equal(requests.size, 0)
})

test('a lost connection tells nothing to a process that has ended', () => {
  const pending = request({ link: true })
  const requests = waiting(pending)
  requests.ended(from, atom('crashed'))
  assert.deepEqual(requests.disconnected(there), [])
  assert.equal(requests.size, 0)
})

test('more requests than the limit are refused', () => {
  const requests = waiting(request(), request(), request())
  assert.throws(() => requests.add(request()), { code: 'SPAWN_REQUESTS_FULL', message: /spawnRequestsMax/ })
})
