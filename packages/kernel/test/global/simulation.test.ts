/** The state machines of several nodes in a simulated network, through random connects, cuts, registrations and deaths. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Pid } from '@tiebeam/distribution'
import { cases, Random, random } from '@tiebeam/testing'
import { register, unregister } from '../../src/global/registrar.ts'
import { SimulatedNetwork } from './simulation/simulated-network.ts'
import { METHOD, SimulatedNode } from './simulation/simulated-node.ts'

const STEPS_MAX = 200_000
const NAMES = ['w', 'x', 'y', 'z'].map((name) => atom(name))

function tableOf({ server }: SimulatedNode): string {
  return JSON.stringify(
    server.names
      .records()
      .map(({ name, pid }) => [String(name), pid.key])
      .sort(),
  )
}

/** Throws when the nodes never come to rest. */
function settle(network: SimulatedNetwork): void {
  for (let steps = 0; network.step(); steps++) assert.ok(steps < STEPS_MAX, 'the nodes do not come to rest')
}

function runCase(seed: number, stream: number): void {
  const generator = new Random(seed, stream)
  const network = new SimulatedNetwork(generator)
  const nodes = new Map<string, SimulatedNode>()
  const prevent = true
  const names = ['a', 'b', 'c', 'd', 'e'].slice(0, generator.integer(2, 6)).map((base) => `${base}@h`)
  for (const name of names) nodes.set(name, new SimulatedNode(name, network, nodes, prevent))
  const all = [...nodes.values()]
  const pids: Pid[] = []

  const disturb = (): void => {
    const [one, other] = [generator.pick(all), generator.pick(all)]
    const dice = generator.next()
    if (one !== other && dice < 0.35) network.connect(one.name, other.name)
    else if (one !== other && dice < 0.45) network.disconnect(one.name, other.name)
    else if (one !== other && dice < 0.52) network.cut(one.name, other.name)
    else if (dice < 0.57) network.heal()
    else if (dice < 0.85) {
      const pid = one.newPid()
      pids.push(pid)
      one.register((context) => register(context, { name: generator.pick(NAMES), pid, method: METHOD }))
    } else if (dice < 0.93) one.register((context) => unregister(context, generator.pick(NAMES)))
    else if (pids.length > 0) {
      const pid = generator.pick(pids)
      nodes.get(pid.node)?.kill(pid)
    }
  }
  for (let disturbances = generator.integer(5, 60); disturbances > 0; disturbances--) {
    disturb()
    for (let steps = generator.integer(0, 40); steps > 0; steps--) network.step()
  }

  network.heal()
  const isMesh = (): boolean => all.every(({ server }) => server.nodes.names().length === all.length - 1)
  for (let round = 0; round < 20; round++) {
    settle(network)
    if (isMesh()) break
    for (const one of all) for (const other of all) network.connect(one.name, other.name)
  }
  settle(network)
  const about = `case ${stream}, ${all.length} nodes${prevent ? '' : ', partitions may overlap'}`
  for (const node of all) {
    const { server } = node
    assert.deepEqual([...server.nodes.names(), node.name].sort(), names, `${about}: ${node.name} knows all`)
    assert.deepEqual([...server.nodes.synced, node.name].sort(), names, `${about}: ${node.name} is in sync with all`)
    // Where partitions may overlap, a name may miss nodes that were not connected to all: that is why they are prevented.
    if (prevent) assert.equal(tableOf(node), tableOf(all[0] as SimulatedNode), `${about}: all have the same names`)
    assert.equal(server.locks.size, 0, `${about}: no lock is left on ${node.name}`)
    assert.equal(node.isRegistering, false, `${about}: all registrations of ${node.name} have ended`)
    assert.deepEqual(node.warnings, [], `${about}: ${node.name} understood everything`)
    for (const { name, pid } of server.names.records()) {
      assert.ok(nodes.get(pid.node)?.isAlive(pid), `${about}: the process of ${String(name)} is alive`)
    }
  }
}

test('after any disturbances, nodes that can reach each other know each other and have the same names', () => {
  const { seed } = random()
  for (let stream = 1; stream <= cases(2_000); stream++) runCase(seed, stream)
})
