import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, Random, random } from '@tiebeam/testing'
import { SimulatedClock } from './simulation/clock.ts'
import { type DnsMode, SimulatedNetwork } from './simulation/network.ts'
import { POLLING_INTERVAL_MS, type SimulatedNode } from './simulation/node.ts'

/** After the last fault: a look-up that hangs, the slowest poll, one back-off, and what a dial takes. */
const WHOLE_AGAIN_MS = 2000 + POLLING_INTERVAL_MS * 1.2 + 1500

function createNetwork(seed: number, stream: number, size: number): SimulatedNetwork {
  const network = new SimulatedNetwork(new SimulatedClock(), new Random(seed, stream))
  for (let index = 1; index <= size; index += 1) network.start(`app@10.0.0.${index}`)
  return network
}

function splitAtRandom(network: SimulatedNetwork): Map<string, number> {
  const groups = 2 + network.random.integer(2)
  return new Map([...network.nodes.keys()].map((name) => [name, network.random.integer(groups)]))
}

function fault(network: SimulatedNetwork, freshAddress: () => string): void {
  const { random: dice, clock } = network
  switch (dice.integer(7)) {
    case 0:
      network.cut(splitAtRandom(network))
      return
    case 1:
      network.heal()
      return
    case 2: {
      const modes: DnsMode[] = ['answers', 'fails', 'hangs', 'stale']
      network.setDns(dice.pick(modes))
      return
    }
    case 3:
    case 4: {
      if (network.alive.length < 3) return
      const victim = dice.pick(network.alive)
      const unlist = dice.chance(0.5)
      network.kill(victim, { silent: dice.chance(0.5), unlist })
      // It comes back, at its old address or at a new one, before the faults end.
      const name = unlist ? freshAddress() : victim.name
      clock.after(100 + dice.integer(3000), () => {
        if (!network.nodes.get(name)?.alive) network.start(name)
      })
      return
    }
    case 5: {
      // Listed, and nobody there.
      const ghost = freshAddress()
      network.records = [...network.records, ghost]
      clock.after(dice.integer(8000), () => {
        network.records = network.records.filter((name) => name !== ghost)
      })
      return
    }
    default: {
      const node = dice.pick(network.alive)
      node.cookie = 'other'
      clock.after(dice.integer(3000), () => {
        node.cookie = 'one'
      })
    }
  }
}

test('after any series of faults the mesh is whole again within a bound, and every promise was kept on the way', () => {
  const { seed } = random()
  for (let stream = 0; stream < cases(2000); stream += 1) {
    const network = createNetwork(seed, stream, 2 + new Random(seed, stream).integer(7))
    const { clock, random: dice } = network
    let addresses = 100
    const freshAddress = (): string => {
      addresses += 1
      return `app@10.0.0.${addresses}`
    }
    const faults = dice.integer(12)
    for (let count = 0; count < faults; count += 1) {
      clock.advanceTo(clock.nowMs + dice.integer(4000))
      fault(network, freshAddress)
    }
    // All returns, all ends of ghosts and cookies lie within these eight seconds.
    clock.advanceTo(clock.nowMs + 8000)
    network.heal()
    network.setDns('answers')
    const refusedLately = network.alive.some((node) => node.reports.includes('peerRefuses'))
    clock.advanceTo(clock.nowMs + WHOLE_AGAIN_MS + (refusedLately ? 30_000 : 0))
    const context = `seed ${seed}, stream ${stream}, at ${clock.nowMs} ms`
    assert.ok(network.isWhole(), `not whole: ${context}`)
    assertQuiet(network, context)
  }
})

function assertQuiet(network: SimulatedNetwork, context: string): void {
  // Links that failed silently may do so still for a few seconds.
  network.clock.advanceTo(network.clock.nowMs + 6000)
  const before = network.alive.map((node) => [node.lookups.length, node.dials.length] as const)
  network.clock.advanceTo(network.clock.nowMs + 60_000)
  for (const [index, node] of network.alive.entries()) {
    const [lookups, dials] = before[index] ?? [0, 0]
    const most = 60_000 / (POLLING_INTERVAL_MS * 0.8) + 1
    assert.equal(node.dials.length - dials, 0, `${node.name} dials in a whole mesh: ${context}`)
    assert.ok(node.lookups.length - lookups <= most, `${node.name} polls too often: ${context}`)
    assert.ok(
      node.lookups.length - lookups >= 60_000 / (POLLING_INTERVAL_MS * 1.2) - 1,
      `${node.name} polls: ${context}`,
    )
  }
}

test('nodes that start together are a mesh within two look-ups', () => {
  const { seed } = random()
  for (let stream = 0; stream < cases(500); stream += 1) {
    const network = createNetwork(seed, stream, 10)
    network.clock.advanceTo(150)
    assert.ok(network.isWhole(), `seed ${seed}, stream ${stream}`)
  }
})

test('after a cut of any length the mesh heals in under half a second, in the median well under', () => {
  const { seed } = random()
  const times: number[] = []
  for (let stream = 0; stream < cases(500); stream += 1) {
    const network = createNetwork(seed, stream, 5)
    const { clock, random: dice } = network
    clock.advanceTo(10_000)
    network.cut(new Map([...network.nodes.keys()].map((name, index) => [name, index % 2])))
    if (dice.chance(0.5)) network.setDns('fails')
    clock.advanceTo(clock.nowMs + 6000 + dice.integer(120_000))
    network.heal()
    const healedMs = clock.nowMs
    while (!network.isWhole() && clock.nowMs < healedMs + 5000) clock.advanceTo(clock.nowMs + 5)
    times.push(clock.nowMs - healedMs)
  }
  times.sort((left, right) => left - right)
  const median = times[Math.floor(times.length / 2)] ?? Number.NaN
  assert.ok(median < 400, `median ${median} ms, seed ${seed}`)
  assert.ok((times.at(-1) ?? Number.NaN) < 600, `slowest ${times.at(-1)} ms, seed ${seed}`)
})

test('fifty listed peers that are dead cost a bounded number of dials and look-ups', () => {
  const network = createNetwork(random().seed, 0, 2)
  for (let index = 0; index < 50; index += 1) network.records.push(`app@10.0.1.${index}`)
  network.clock.advanceTo(60_000)
  const node = network.alive[0] as SimulatedNode
  const from = node.dials.length
  const lookups = node.lookups.length
  network.clock.advanceTo(120_000)
  // Each attempt lasts for the set-up time of 2 s, in which SYNs leave at the redial interval.
  assert.ok(node.dials.length - from <= (50 * 60) / 2, `${node.dials.length - from} dials`)
  assert.ok(node.lookups.length - lookups <= 60 / 0.8 + 1, `${node.lookups.length - lookups} look-ups`)
})
