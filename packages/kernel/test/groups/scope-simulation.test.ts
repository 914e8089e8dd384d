/** Scopes on several nodes, their messages, and cut links, without sockets: at rest, everyone must see what is true. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf, type Pid } from '@tiebeam/distribution'
import { cases, Random, random } from '@tiebeam/testing'
import { SimulatedCluster } from './simulated-cluster.ts'

const NODES = ['a@host', 'b@host', 'c@host', 'd@host']
const GROUPS: readonly unknown[] = ['text', 42, ['a', 'list'], 7n ** 30n]

test('nodes that are connected agree on all members, whatever happened before', () => {
  const { seed } = random()
  for (let number = 0; number < cases(3_000); number++) {
    const random = new Random(seed, number)
    const cluster = new SimulatedCluster(NODES, random)
    const steps = random.integer(10, 120)
    for (let step = 0; step < steps; step++) cluster.randomStep(GROUPS)
    cluster.settle()
    cluster.check(GROUPS, `case ${number}`)
    if (random.chance(0.5)) cluster.connectAll()
    cluster.settle()
    cluster.check(GROUPS, `case ${number}, connected`)
  }
})

test('a monitor that starts at any time has, with the changes that it is told, the members that there are', () => {
  const { seed } = random()
  for (let number = 0; number < cases(1_000); number++) {
    const random = new Random(seed, number)
    const cluster = new SimulatedCluster(NODES, random)
    for (let step = 0; step < 20; step++) cluster.randomStep(GROUPS)
    const watched = random.pick(NODES)
    const followed = new Map(GROUPS.map((group) => [keyOf(group), cluster.members(watched, group)]))
    cluster.follow(watched, ({ type, group, pids }) => {
      const known = followed.get(keyOf(group)) as string[]
      for (const pid of pids) {
        if (type === 'join') known.push(pid.key)
        else {
          const at = known.indexOf(pid.key)
          assert.ok(at >= 0, `case ${number}: someone left who was no member`)
          known.splice(at, 1)
        }
      }
    })
    for (let step = 0; step < 60; step++) cluster.randomStep(GROUPS)
    for (const group of GROUPS) {
      assert.deepEqual(followed.get(keyOf(group))?.sort(), cluster.members(watched, group), `case ${number}`)
    }
  }
})

test('what a full output kept from a peer is made good when there is room again', () => {
  const cluster = new SimulatedCluster(['a@host', 'b@host'], new Random(1))
  cluster.connectAll()
  cluster.settle()
  const pids: Pid[] = [cluster.spawn('a@host'), cluster.spawn('a@host')]
  cluster.refuseOutput = true
  cluster.join('a@host', 'text', pids)
  cluster.leave('a@host', 'text', [pids[0] as Pid])
  cluster.settle()
  assert.deepEqual(cluster.members('b@host', 'text'), [])
  cluster.refuseOutput = false
  cluster.drain()
  cluster.settle()
  assert.deepEqual(cluster.members('b@host', 'text'), [(pids[1] as Pid).key])
})
