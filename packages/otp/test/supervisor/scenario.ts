import type { Random } from '@tiebeam/testing'

type ScenarioStrategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one'

/** A child of a scenario. All of them trap exits; `behaviour` is what they do when they are told to shut down. */
export interface ScenarioChild {
  readonly id: string
  readonly restart: 'permanent' | 'transient' | 'temporary'
  readonly shutdown: number | 'infinity' | 'brutal_kill'
  readonly type: 'worker' | 'supervisor'
  readonly significant: boolean
  readonly behaviour: 'obedient' | 'stubborn' | 'failing' | 'quitting' | 'unlinking'
}

export type Step =
  /** The child ends by itself. */
  | readonly ['exit', string, 'normal' | 'shutdown' | 'bye' | 'crash']
  /** These are killed before the supervisor has time for the first. */
  | readonly ['kill', readonly string[]]
  /** The next starts of a child fail. */
  | readonly ['fail', string, number]
  | readonly ['terminate' | 'restart' | 'delete', string]
  | readonly ['start', ScenarioChild]

/** What happens to a supervisor and its children, one thing after the other. */
export interface Scenario {
  readonly strategy: ScenarioStrategy
  readonly restartsMax: number
  readonly autoShutdown: 'never' | 'any_significant' | 'all_significant'
  readonly children: readonly ScenarioChild[]
  /** How many of the first starts of a child fail. */
  readonly fail: Readonly<Record<string, number>>
  readonly steps: readonly Step[]
}

const IDS = ['a', 'b', 'c', 'd', 'e']
/** For the stubborn: each costs the test so long. */
const SHUTDOWN_MS = 15

export function randomScenario(random: Random): Scenario {
  const strategy = random.pick(['one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one'] as const)
  const dynamic = strategy === 'simple_one_for_one'
  const autoShutdown =
    dynamic || random.chance(0.7) ? 'never' : random.pick(['any_significant', 'all_significant'] as const)
  const template = randomChild(random, 'template', autoShutdown)
  const child = (id: string) => (dynamic ? { ...template, id } : randomChild(random, id, autoShutdown))
  const children = dynamic ? [template] : IDS.slice(0, random.integer(0, 5)).map(child)
  return {
    strategy,
    autoShutdown,
    restartsMax: random.pick([0, 1, 3, 20]),
    children,
    fail: random.chance(0.1) && !dynamic ? { [random.pick(IDS)]: 1 } : {},
    steps: Array.from({ length: random.integer(3, 14) }, () => randomStep(random, child, dynamic)),
  }
}

function randomChild(random: Random, id: string, autoShutdown: Scenario['autoShutdown']): ScenarioChild {
  const restart = random.pick(['permanent', 'permanent', 'transient', 'temporary'] as const)
  const behaviour = random.chance(0.6)
    ? 'obedient'
    : random.pick(['stubborn', 'failing', 'quitting', 'unlinking'] as const)
  return {
    id,
    restart,
    behaviour,
    shutdown: random.chance(0.15)
      ? 'brutal_kill'
      : behaviour === 'stubborn'
        ? SHUTDOWN_MS
        : random.pick(['infinity', 30_000] as const),
    type: random.chance(0.2) ? 'supervisor' : 'worker',
    significant: autoShutdown !== 'never' && restart !== 'permanent' && random.chance(0.5),
  }
}

function randomStep(random: Random, child: (id: string) => ScenarioChild, dynamic: boolean): Step {
  const id = random.pick(IDS)
  const kinds = [
    'exit',
    'exit',
    'exit',
    'kill',
    'fail',
    'terminate',
    'start',
    ...(dynamic ? ['start'] : ['restart', 'delete']),
  ]
  switch (random.pick(kinds)) {
    case 'exit':
      return ['exit', id, random.pick(['normal', 'shutdown', 'bye', 'crash', 'crash'] as const)]
    case 'kill':
      return ['kill', random.shuffle(IDS).slice(0, random.integer(1, 4))]
    case 'fail':
      return ['fail', id, random.integer(1, 4)]
    case 'start':
      return ['start', child(id)]
    case 'terminate':
      return ['terminate', id]
    case 'restart':
      return ['restart', id]
    default:
      return ['delete', id]
  }
}
