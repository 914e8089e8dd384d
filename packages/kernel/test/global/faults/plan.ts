import type { Random } from '@tiebeam/testing'

/** Indices of hosts, 0 to 5. */
export type Pair = readonly [number, number]

export type Fault =
  /** SIGKILL; started again after a while. */
  | { readonly kind: 'kill'; readonly host: number; readonly pauseMs: number }
  /** Leaves in order; started again after a while. */
  | { readonly kind: 'restart'; readonly host: number; readonly pauseMs: number }
  /** The network is cut in two, until both sides have lost each other. */
  | { readonly kind: 'bisection'; readonly left: readonly number[]; readonly right: readonly number[] }
  /** The same, but healed before anybody notices. */
  | {
      readonly kind: 'blink'
      readonly left: readonly number[]
      readonly right: readonly number[]
      readonly holdMs: number
    }
  /** Some pairs of hosts cannot reach each other, while all others can, until these pairs have lost each other. */
  | { readonly kind: 'partial'; readonly pairs: readonly Pair[] }

export type FaultKind = Fault['kind']

export const faultKinds: readonly FaultKind[] = ['kill', 'restart', 'bisection', 'blink', 'partial']

const HOSTS = [0, 1, 2, 3, 4, 5]

/** Of twenty faults in a row. The first four are what a short run must have. */
const FIRST: readonly FaultKind[] = ['kill', 'bisection', 'partial', 'restart']
const OTHERS: readonly FaultKind[] = [
  ...Array<FaultKind>(4).fill('kill'),
  ...Array<FaultKind>(5).fill('bisection'),
  ...Array<FaultKind>(4).fill('partial'),
  ...Array<FaultKind>(2).fill('restart'),
  'blink',
]

/** One fault after the other, the same for the same seed. */
export function planFaults(random: Random, count: number): Fault[] {
  const faults: Fault[] = []
  while (faults.length < count) {
    for (const kind of [...FIRST, ...random.shuffle(OTHERS)]) faults.push(planFault(kind, random))
  }
  return faults.slice(0, count)
}

function planFault(kind: FaultKind, random: Random): Fault {
  switch (kind) {
    case 'kill':
    case 'restart':
      return { kind, host: random.pick(HOSTS), pauseMs: random.integer(100, 1_000) }
    case 'bisection':
      return { kind, ...planSides(random) }
    case 'blink':
      return { kind, ...planSides(random), holdMs: random.integer(100, 1_500) }
    case 'partial':
      return { kind, pairs: planPairs(random) }
  }
}

function planSides(random: Random): { left: number[]; right: number[] } {
  const shuffled = random.shuffle(HOSTS)
  const size = random.integer(1, 4)
  return { left: shuffled.slice(0, size), right: shuffled.slice(size) }
}

function planPairs(random: Random): Pair[] {
  const all = HOSTS.flatMap((a) => HOSTS.filter((b) => b > a).map((b): Pair => [a, b]))
  return random.shuffle(all).slice(0, random.integer(1, 3))
}
