import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointSlice, Pod } from '@tiebeam/k8s'
import { Kubernetes, type KubernetesInit } from '../src/index.ts'
import { type Member, membersOfPods, membersOfSlices, nodeNames } from '../src/strategies/kubernetes-members.ts'

const metadata = { namespace: 'shop' }
const rules = { mode: 'ip', basename: 'app', service: undefined, domain: 'cluster.local' } as const

function slice(init: Partial<EndpointSlice>): EndpointSlice {
  return { metadata, addressType: 'IPv4', endpoints: [], ...init }
}

test('ready endpoints are members, and those whose readiness is unknown', () => {
  const endpoints = [
    { addresses: ['10.0.0.1'], conditions: { ready: true } },
    { addresses: ['10.0.0.2'] },
    { addresses: ['10.0.0.3'], conditions: { ready: false, serving: true, terminating: true } },
    { addresses: [] },
  ]
  const members = membersOfSlices([
    slice({ endpoints }),
    slice({ addressType: 'FQDN', endpoints: [{ addresses: ['x.test'] }] }),
  ])
  assert.deepEqual(nodeNames(members, rules, '10.0.0.9'), ['app@10.0.0.1', 'app@10.0.0.2'])
})

test('an object of which the server left out everything is no member, and no error', () => {
  assert.deepEqual(membersOfSlices([{} as EndpointSlice]), [])
  assert.deepEqual(membersOfPods([{}, { status: {} }, { status: { podIPs: [] } }]), [])
})

test('a pod of two families is one node, under the name with an address of our own family', () => {
  const targetRef = { uid: 'u1', name: 'app-0' }
  const members = membersOfSlices([
    slice({ endpoints: [{ addresses: ['10.0.0.1'], targetRef }] }),
    slice({ addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'], targetRef }, { addresses: ['fd00::2'] }] }),
  ])
  assert.deepEqual(nodeNames(members, rules, '10.0.0.9'), ['app@10.0.0.1', 'app@fd00::2'])
  assert.deepEqual(nodeNames(members, rules, 'fd00::9'), ['app@fd00::1', 'app@fd00::2'])
  const dns = { ...rules, mode: 'dns' } as const
  assert.deepEqual(nodeNames(members, dns, '10-0-0-9.shop.pod.cluster.local'), [
    'app@10-0-0-1.shop.pod.cluster.local',
    'app@fd00--2.shop.pod.cluster.local',
  ])
  assert.equal(nodeNames(members, dns, 'fd00--9.shop.pod.cluster.local')[0], 'app@fd00--1.shop.pod.cluster.local')
})

test('a pod that has ended is no member, though it keeps its address', () => {
  const pod = (phase: NonNullable<Pod['status']>['phase'], podIP: string): Pod => ({
    metadata,
    status: { phase, podIP },
  })
  const members = membersOfPods([
    pod('Running', '10.0.0.1'),
    pod('Pending', '10.0.0.2'),
    pod('Failed', '10.0.0.3'),
    pod('Succeeded', '10.0.0.4'),
  ])
  assert.deepEqual(nodeNames(members, rules, '10.0.0.9'), ['app@10.0.0.1', 'app@10.0.0.2'])
})

test('host names are those of a StatefulSet, and pods without one are left out', () => {
  const members: Member[] = [
    { addresses: ['10.0.0.1'], hostname: 'app-0', namespace: 'shop' },
    { addresses: ['10.0.0.2'], hostname: undefined, namespace: 'shop' },
  ]
  const names = nodeNames(members, { ...rules, mode: 'hostname', service: 'app' }, 'app-1.app.shop.svc.cluster.local')
  assert.deepEqual(names, ['app@app-0.app.shop.svc.cluster.local'])
})

test('wrong options are refused with a message that names them', () => {
  const good = { kubernetesNodeBasename: 'app', kubernetesSelector: 'app=shop' }
  const cases: [object, RegExp][] = [
    [{ kubernetesNodeBasename: 'app@host' }, /kubernetesNodeBasename is "app@host"/],
    [{ kubernetesSelector: '' }, /kubernetesSelector/],
    [{ mode: 'name' }, /mode is "name"; it must be 'ip', 'dns' or 'hostname'/],
    [{ mode: 'hostname' }, /kubernetesServiceName/],
    [{ kubernetesIpLookupMode: 'nodes' }, /kubernetesIpLookupMode/],
    [{ kubernetesServiceName: 'a.b' }, /kubernetesServiceName/],
    [{ kubernetesClusterName: '' }, /kubernetesClusterName/],
  ]
  for (const [wrong, message] of cases) {
    assert.throws(() => new Kubernetes({ ...good, ...wrong } as KubernetesInit), { code: 'OPTION_INVALID', message })
  }
})
