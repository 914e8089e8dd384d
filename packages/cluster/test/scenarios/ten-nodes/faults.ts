import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@tiebeam/testing'
import { type Member, since, type WholeAt } from './member.ts'
import { type Mesh, NET_TICK_TIME_SECONDS, WITNESSES } from './mesh.ts'

export const faultKinds = ['kill', 'freeze', 'cut', 'flap', 'roll'] as const
export type FaultKind = (typeof faultKinds)[number]

/** Members that a rolling replacement replaces in one round; all have been replaced after a few. */
const ROLLED = 2
const FLAPS_MAX = 4

type Links = readonly (readonly [from: string, to: string])[]

/** Brings a fault about and ends it. @returns how long after its end the mesh was whole; a roll has several ends */
export async function suffer(mesh: Mesh, kind: FaultKind, round: number, random: Random): Promise<WholeAt[]> {
  switch (kind) {
    case 'kill':
      return [await kill(mesh, replaceable(mesh, round))]
    case 'freeze':
      return [await freeze(mesh, random.integer(mesh.members.length))]
    case 'cut':
      return [await cut(mesh, round, random)]
    case 'flap':
      return [await flap(mesh, round, random)]
    case 'roll':
      return roll(mesh, round)
  }
}

/** Every member but the witnesses in its turn. */
function replaceable(mesh: Mesh, round: number): number {
  return WITNESSES + (round % (mesh.members.length - WITNESSES))
}

/** SIGKILL, and a successor under another address. */
async function kill(mesh: Mesh, index: number): Promise<WholeAt> {
  await mesh.members[index]?.child.kill()
  return mesh.replace(index)
}

/** Members leave in order, one after the other, and each is succeeded by one under another address. */
async function roll(mesh: Mesh, round: number): Promise<WholeAt[]> {
  const times: WholeAt[] = []
  for (let count = 0; count < ROLLED; count += 1) {
    const index = replaceable(mesh, round * ROLLED + count)
    await mesh.members[index]?.stop()
    times.push(await mesh.replace(index))
  }
  return times
}

/** SIGSTOP until all peers have given it up, and SIGCONT. */
async function freeze(mesh: Mesh, index: number): Promise<WholeAt> {
  const frozen = mesh.members[index] as Member
  const beginMs = Date.now()
  frozen.child.signal('SIGSTOP')
  try {
    await mesh.noticed(() => mesh.members.every(({ links }) => !links.has(frozen.name)))
  } finally {
    frozen.child.signal('SIGCONT')
  }
  const endMs = Date.now()
  // Its own view is old: every link that it has must be a new one.
  await mesh.noticed(() => [...frozen.links.values()].every((atMs) => atMs > beginMs))
  return since(await mesh.whole(), endMs)
}

/** Until no link is left across, and for a while longer: it ends at any moment of anybody's rhythm. */
async function cut(mesh: Mesh, round: number, random: Random): Promise<WholeAt> {
  const { left, right, links } = planCut(mesh, round, random)
  await mesh.network.cut(links)
  await mesh.noticed(() => mesh.areApart(left, right))
  await sleep(random.integer(1000))
  const endMs = Date.now()
  await mesh.network.heal()
  return since(await mesh.whole(), endMs)
}

/** Several cuts, each shorter than the tick time. */
async function flap(mesh: Mesh, round: number, random: Random): Promise<WholeAt> {
  const { links } = planCut(mesh, round, random)
  let endMs = 0
  for (let count = 1 + random.integer(FLAPS_MAX); count > 0; count -= 1) {
    await mesh.network.cut(links)
    await sleep(100 + random.integer(900))
    endMs = Date.now()
    await mesh.network.heal()
    await sleep(50 + random.integer(500))
  }
  // What was lost on the way may yet cost a link.
  await sleep(NET_TICK_TIME_SECONDS * 500)
  return since(await mesh.whole(), endMs)
}

interface PlannedCut {
  readonly left: readonly Member[]
  readonly right: readonly Member[]
  readonly links: Links
}

/** In turn: halves and single hosts, each both ways and one way. */
function planCut(mesh: Mesh, round: number, random: Random): PlannedCut {
  const kind = Math.floor(round / faultKinds.length) % 4
  const shuffled = random.shuffle([...mesh.members])
  const size = kind < 2 ? Math.floor(shuffled.length / 2) : 1
  const [left, right] = [shuffled.slice(0, size), shuffled.slice(size)]
  const forth = left.flatMap((from) => right.map((to) => [from.host.name, to.host.name] as const))
  const back = forth.map(([from, to]) => [to, from] as const)
  return { left, right, links: kind % 2 === 0 ? [...forth, ...back] : forth }
}
