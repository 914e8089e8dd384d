/**
 * Ten nodes, three of them Elixir's, each on a host of its own with a real name server, form a mesh and go through faults. Short by
 * default; in full `TIEBEAM_SCENARIO_ROUNDS=200 npm test -- ten-nodes`. Prints its figures as JSON.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Random, random, requirePeer, waitFor } from '@tiebeam/testing'
import { faultKinds, suffer } from './faults.ts'
import { print, Times } from './figures.ts'
import { Mesh, WITNESSES } from './mesh.ts'
import type { TiebeamMember } from './tiebeam-member.ts'
import type { Counts } from './tiebeam-protocol.ts'

const rounds = Number(process.env.TIEBEAM_SCENARIO_ROUNDS || '5')
/** In a long run the mesh is formed from nothing more than once. */
const ROUNDS_PER_FORMATION = 20
/** What a heap may have grown by: code that was compiled meanwhile, caches with a limit. */
const HEAP_GROWTH_BYTES_MAX = 8 * 1024 * 1024

test('visible nodes are one mesh with Elixir nodes, whole again after every fault, and nothing leaks', (t) =>
  goThrough(t, true, rounds))

test('and so are hidden nodes', (t) => goThrough(t, false, Math.ceil(rounds / 10)))

async function goThrough(t: TestContext, globalNames: boolean, count: number): Promise<void> {
  if (!requirePeer(t, 'root', 'ip', 'nft', 'nsenter', 'unshare', 'dnsmasq', 'elixir', 'erl', 'epmd')) return
  const { seed } = random()
  const dice = new Random(seed, globalNames ? 1 : 2)
  const kind = globalNames ? 'visible' : 'hidden'
  const mesh = await Mesh.create(t, globalNames)
  const times = new Times()
  for (let left = Math.max(1, Math.floor(count / ROUNDS_PER_FORMATION)); left > 0; left -= 1) {
    await mesh.end()
    times.add('form', [await mesh.form()])
  }

  const before = await settledCounts(mesh)
  for (let round = 0; round < count; round += 1) {
    const fault = faultKinds[round % faultKinds.length] as (typeof faultKinds)[number]
    times.add(fault, await suffer(mesh, fault, round, dice))
    // A long run is worth watching.
    if (round % 20 === 19) print({ scenario: 'round', kind, round: round + 1 })
  }
  for (const figures of times.figures()) print({ ...figures, kind, rounds: count })

  const after = await settledCounts(mesh)
  const [expected] = before
  for (const [index, counts] of after.entries()) {
    assert.deepEqual(
      withoutHeap(counts),
      withoutHeap(expected as Counts),
      `${mesh.tiebeam[index]?.name} holds what a new one holds`,
    )
  }
  const growth = before.slice(0, WITNESSES).map((each, index) => (after[index] as Counts).heapBytes - each.heapBytes)
  print({ scenario: 'leaks', kind, rounds: count, heapGrowthBytes: growth, counts: expected })
  assert.ok(Math.max(...growth) < HEAP_GROWTH_BYTES_MAX, `heaps have grown by ${growth} bytes`)

  // OTP's algorithm against overlapping partitions remembers which losses were reported; `Partitions` has a limit for it.
  if (globalNames) return
  for (const member of mesh.tiebeam.slice(0, WITNESSES)) await forgetsTheDead(member, mesh)
}

/** No object that is alive names a dead peer. Weakly held atoms go some garbage collections later. */
async function forgetsTheDead(witness: TiebeamMember, mesh: Mesh): Promise<void> {
  const alive = mesh.members.map(({ name }) => name)
  let dead: readonly string[] = []
  await waitFor(
    async () => {
      dead = (await witness.namesInHeap()).filter((name) => !alive.includes(name))
      return dead.length === 0
    },
    { intervalMs: 200, what: () => `${witness.name} to forget ${dead}` },
  )
}

/** What each Tiebeam node holds when nothing is under way any more: the same twice, and no attempt. */
async function settledCounts(mesh: Mesh): Promise<Counts[]> {
  let last = ''
  let counts: Counts[] = []
  await waitFor(
    async () => {
      counts = await Promise.all(mesh.tiebeam.map((member) => member.counts()))
      const [now, before] = [JSON.stringify(counts.map(withoutHeap)), last]
      last = now
      return now === before && new Set(counts.map((each) => JSON.stringify(withoutHeap(each)))).size === 1
    },
    { intervalMs: 200, what: () => `all to hold the same: ${JSON.stringify(counts, undefined, 1)}` },
  )
  return counts
}

function withoutHeap({ heapBytes: _, ...counts }: Counts): Omit<Counts, 'heapBytes'> {
  return counts
}
