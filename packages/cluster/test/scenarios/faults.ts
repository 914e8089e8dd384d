import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@tiebeam/testing'
import type { Member } from './member.ts'
import { type Ten, WITNESSES } from './ten.ts'

export const faultKinds = ['kill', 'freeze', 'cut', 'flap', 'roll'] as const
export type FaultKind = (typeof faultKinds)[number]

/** Members that a rolling replacement replaces in one round; all have been replaced after a few. */
const ROLLED = 2
const FLAPS_MAX = 4

type Links = readonly (readonly [from: string, to: string])[]

/** Brings a fault about and ends it. @returns times from its end to the whole mesh, in ms; a roll has several ends */
export async function suffer(ten: Ten, kind: FaultKind, round: number, random: Random): Promise<number[]> {
  switch (kind) {
    case 'kill':
      return [await kill(ten, replaceable(ten, round))]
    case 'freeze':
      return [await freeze(ten, random.integer(ten.members.length))]
    case 'cut':
      return [await cut(ten, round, random)]
    case 'flap':
      return [await flap(ten, round, random)]
    case 'roll':
      return roll(ten, round)
  }
}

/** Every member but the witnesses in its turn. */
function replaceable(ten: Ten, round: number): number {
  return WITNESSES + (round % (ten.members.length - WITNESSES))
}

/** SIGKILL, and a successor under another address. */
async function kill(ten: Ten, index: number): Promise<number> {
  await ten.members[index]?.child.kill()
  return ten.replace(index)
}

/** Members leave in order, one after the other, and each is succeeded by one under another address. */
async function roll(ten: Ten, round: number): Promise<number[]> {
  const times: number[] = []
  for (let count = 0; count < ROLLED; count += 1) {
    const index = replaceable(ten, round * ROLLED + count)
    await ten.members[index]?.stop()
    times.push(await ten.replace(index))
  }
  return times
}

/** SIGSTOP until all peers have given it up, and SIGCONT. */
async function freeze(ten: Ten, index: number): Promise<number> {
  const frozen = ten.members[index] as Member
  frozen.child.signal('SIGSTOP')
  try {
    await ten.noticed(() => ten.members.every(({ links }) => !links.has(frozen.name)))
  } finally {
    frozen.child.signal('SIGCONT')
  }
  const endMs = Date.now()
  // Its own view is old: it still has to notice.
  await ten.noticed(() => frozen.links.size < ten.members.length - 1)
  return (await ten.whole()) - endMs
}

/** Until no link is left across, and for a while longer: it ends at any moment of anybody's rhythm. */
async function cut(ten: Ten, round: number, random: Random): Promise<number> {
  const { left, right, links } = planCut(ten, round, random)
  await ten.network.cut(links)
  await ten.noticed(() => ten.areApart(left, right))
  await sleep(random.integer(1000))
  const endMs = Date.now()
  await ten.network.heal()
  return (await ten.whole()) - endMs
}

/** Several cuts, each shorter than the tick time. */
async function flap(ten: Ten, round: number, random: Random): Promise<number> {
  const { links } = planCut(ten, round, random)
  let endMs = 0
  for (let count = 1 + random.integer(FLAPS_MAX); count > 0; count -= 1) {
    await ten.network.cut(links)
    await sleep(100 + random.integer(900))
    endMs = Date.now()
    await ten.network.heal()
    await sleep(50 + random.integer(500))
  }
  // What was lost on the way may yet cost a link.
  return Math.max(0, (await ten.whole()) - endMs)
}

interface PlannedCut {
  readonly left: readonly Member[]
  readonly right: readonly Member[]
  readonly links: Links
}

/** In turn: halves and single hosts, each both ways and one way. */
function planCut(ten: Ten, round: number, random: Random): PlannedCut {
  const kind = Math.floor(round / faultKinds.length) % 4
  const shuffled = random.shuffle([...ten.members])
  const size = kind < 2 ? Math.floor(shuffled.length / 2) : 1
  const [left, right] = [shuffled.slice(0, size), shuffled.slice(size)]
  const forth = left.flatMap((from) => right.map((to) => [from.host.name, to.host.name] as const))
  const back = forth.map(([from, to]) => [to, from] as const)
  return { left, right, links: kind % 2 === 0 ? [...forth, ...back] : forth }
}
