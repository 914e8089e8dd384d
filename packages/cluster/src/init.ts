import type { Logger } from '@tiebeam/distribution'
import type { GlobalNames, Groups } from '@tiebeam/kernel'
import { ClusterError } from './errors.ts'
import { type FormationSettings, formationDefaults } from './formation/settings.ts'
import type { Strategy } from './strategy.ts'
import { isStrategy, type Topology } from './topology.ts'

export interface ClusterInit extends Partial<FormationSettings> {
  /** Strategies by a name of your choice, alone or with hooks. Names that several list are dialled once. */
  readonly topologies: Readonly<Record<string, Strategy | Topology>>
  /** The process groups in which `cluster.call` finds its members, and which the node leaves first when it leaves the cluster. */
  readonly groups?: Groups
  /** The global names that the node leaves when it leaves the cluster. */
  readonly names?: GlobalNames
  /** Default: nothing is logged. */
  readonly logger?: Logger
  /** Names that one topology may list; the rest, the last in alphabetical order, is left out. Default 1000. */
  readonly namesMax?: number
  /** A look-up that takes longer has failed, in ms. Default 2000. */
  readonly lookupMs?: number
  /** A hook of a topology (`connect`, `disconnect`, `listNodes`) that takes longer has failed, in ms. Default 10 000. */
  readonly hookMs?: number
}

export interface ClusterOptions {
  readonly topologies: Readonly<Record<string, Topology>>
  readonly groups: Groups | undefined
  readonly names: GlobalNames | undefined
  readonly logger: Logger | undefined
  readonly namesMax: number
  readonly lookupMs: number
  readonly hookMs: number
  readonly settings: FormationSettings
}

const NAMES_MAX = 1000
const LOOKUP_MS = 2000
const HOOK_MS = 10_000
/** What `setTimeout` can wait. */
const WAIT_MS_MAX = 0x7fffffff

/**
 * Checks options and fills in the defaults.
 * @throws ClusterError `OPTION_INVALID`
 */
export function clusterOptions(init: ClusterInit): ClusterOptions {
  const {
    topologies,
    groups,
    names,
    logger,
    namesMax = NAMES_MAX,
    lookupMs = LOOKUP_MS,
    hookMs = HOOK_MS,
    ...rest
  } = init
  if (typeof topologies !== 'object' || topologies === null) {
    throw invalid(
      'topologies',
      topologies,
      "an object of strategies, such as { main: new Epmd({ hosts: ['a@10.0.0.7'] }) }",
    )
  }
  const checked = Object.entries(topologies).map(([name, given]) => [name, topologyOf(name, given)] as const)
  const given = Object.entries(rest).filter(([, value]) => value !== undefined)
  const settings: FormationSettings = { ...formationDefaults, ...Object.fromEntries(given) }
  for (const [name, value] of [
    ...Object.entries(settings),
    ['namesMax', namesMax] as const,
    ['lookupMs', lookupMs] as const,
    ['hookMs', hookMs] as const,
  ]) {
    checkSetting(name, value)
  }
  return { topologies: Object.fromEntries(checked), groups, names, logger, namesMax, lookupMs, hookMs, settings }
}

function topologyOf(name: string, given: Strategy | Topology): Topology {
  const topology = isStrategy(given) ? { strategy: given } : given
  const option = `topologies.${name}`
  if (!isStrategy(topology?.strategy)) {
    throw invalid(option, typeof given, 'a strategy, such as new KubernetesDns({ … }), or { strategy, connect, … }')
  }
  for (const hook of ['connect', 'disconnect', 'listNodes'] as const) {
    const value = topology[hook]
    if (value !== undefined && typeof value !== 'function') throw invalid(`${option}.${hook}`, value, 'a function')
  }
  return topology
}

function checkSetting(name: string, value: unknown): void {
  if (name === 'disconnectUnlisted') {
    if (typeof value !== 'boolean') throw invalid(name, value, 'true or false')
    return
  }
  if (!(name in formationDefaults) && !['namesMax', 'lookupMs', 'hookMs'].includes(name)) {
    throw new ClusterError('OPTION_INVALID', `Cluster: there is no option ${name}.`)
  }
  const countable = name === 'dialsMax' || name === 'namesMax'
  if (countable && !(Number.isInteger(value) && (value as number) > 0))
    throw invalid(name, value, 'a whole number, more than 0')
  if (typeof value !== 'number' || !(value > 0 && value <= WAIT_MS_MAX))
    throw invalid(name, value, 'a number, more than 0')
}

function invalid(option: string, value: unknown, allowed: string): ClusterError {
  return new ClusterError('OPTION_INVALID', `Cluster: ${option} is ${JSON.stringify(value)}; it must be ${allowed}.`)
}
