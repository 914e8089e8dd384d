import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '@tiebeam/k8s'
import { type KubernetesOptions, kubernetes } from '@tiebeam/tables'
import { isEnded, keptPodRecords, type PodRecord, readPodRecords } from '../../src/authority/kubernetes/pod-record.ts'
import { codeIs, viewOf } from './alone.ts'

const startedMs = Date.parse('2024-05-01T12:00:00Z')
const record: PodRecord = { namespace: 'shop', pod: 'shop-1', uid: 'pod-uid', container: 'app', startedMs }

function podWith(status: object, uid = 'pod-uid'): Pod {
  return {
    metadata: { name: 'shop-1', uid },
    status: { phase: 'Running', containerStatuses: [{ name: 'app', ...status }] },
  }
}

test('a process has ended with its pod, or when its container was ended or begun after it', () => {
  const before = '2024-05-01T11:59:58Z'
  const justAfter = '2024-05-01T12:00:01Z'
  const after = '2024-05-01T12:05:00Z'
  const ended: (Pod | undefined)[] = [
    undefined,
    podWith({ state: { running: { startedAt: before } } }, 'another uid'),
    { ...podWith({}), status: { phase: 'Failed' } },
    podWith({ state: { running: { startedAt: after } } }),
    podWith({ state: { terminated: { finishedAt: after } } }),
    podWith({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { finishedAt: after } } }),
  ]
  for (const pod of ended) assert.equal(isEnded(record, pod), true, JSON.stringify(pod))
  const alive: Pod[] = [
    podWith({ state: { running: { startedAt: before } }, lastState: { terminated: { finishedAt: before } } }),
    // What a clock that was set a little may show.
    podWith({ state: { running: { startedAt: justAfter } } }),
    podWith({ state: { running: { startedAt: 'garbage' } } }),
    podWith({}),
    podWith({ name: 'sidecar', state: { running: { startedAt: after } } }),
    { metadata: { name: 'shop-1', uid: 'pod-uid' } },
  ]
  for (const pod of alive) assert.equal(isEnded(record, pod), false, JSON.stringify(pod))
  const { container: _container, ...unnamed } = record
  assert.equal(isEnded(unnamed, podWith({ state: { running: { startedAt: after } } })), false)
})

test('of pods those of members are kept, and of others the newest who did not leave', () => {
  const before = { ...viewOf(1), members: ['stays', 'leaves'].map((uid) => ({ node: uid, creation: 1, uid })) }
  const next = { ...before, epoch: 2, members: before.members.slice(0, 1) }
  const outsiders = Array.from({ length: 60 }, (_none, index) => `outsider-${index}`)
  const records = Object.fromEntries(['stays', 'leaves', ...outsiders].map((uid) => [uid, record]))
  assert.deepEqual(Object.keys(keptPodRecords(records, before, next)), ['stays', ...outsiders.slice(10)])
})

test('pods that cannot be read are as if not written down', () => {
  assert.deepEqual(readPodRecords(undefined), {})
  assert.deepEqual(readPodRecords('garbage'), {})
  assert.deepEqual(readPodRecords('[]'), {})
  assert.deepEqual(readPodRecords(JSON.stringify({ good: record, bad: { ...record, uid: 1 } })), { good: record })
})

test('options of kubernetes that cannot be meant are refused, with what to give', () => {
  const wrong: unknown[] = [
    {},
    { name: 'Not_A_Name' },
    { name: 'a', namespace: '' },
    { name: 'a', timeoutMs: -1 },
    { name: 'a', pod: { name: '..' } },
  ]
  for (const options of wrong) {
    assert.throws(() => kubernetes(options as KubernetesOptions), codeIs('OPTION_INVALID', /^kubernetes: /))
  }
  assert.equal(kubernetes({ name: 'shop-tables' }).kind, 'kubernetes shop-tables')
})
