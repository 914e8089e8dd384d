import type { Node } from '@tiebeam/distribution'
import type { AuthorityKind } from '../authority/authority-kind.ts'
import { TablesError } from '../errors.ts'
import type { FoundingSettings } from '../founding/founding.ts'
import { foundingDefaults } from '../founding/founding.ts'
import { type ReplicaSettings, replicaDefaults } from '../replica/settings.ts'
import type { Store } from '../store/store.ts'
import type { NodeEngineEvents } from './status.ts'

export interface EngineInit extends Partial<FoundingSettings> {
  readonly node: Node
  readonly authority: AuthorityKind
  readonly createStore: () => Store
  /** Of the tables, the same at all nodes. Needed only when the same nodes have several sets of tables. Default `default`. */
  readonly name?: string
  /** Nodes that discovery lists now, connected or not. Default: the connected Tiebeam nodes. */
  readonly discovered?: () => readonly string[]
  /**
   * When every member of the view is proven to have ended, and all rows with them: begin anew with nothing, or wait for a person.
   * Default `reset`.
   */
  readonly onTotalLoss?: 'reset' | 'halt'
  /**
   * All rows together, in bytes, as estimated: what would go beyond is refused with `MEMORY_FULL`, by the limit of the primary. Keep it
   * well below the limit of the heap, and the same in all members. Default 1 GiB.
   */
  readonly bytesMax?: number
  /** A call of the authority that takes longer counts as of unknown outcome. Default 3,000. */
  readonly authorityTimeoutMs?: number
  readonly replica?: Partial<ReplicaSettings>
  /** Listeners that hear of what happens before the tables are open, too: that all rows were lost, say. */
  readonly on?: EngineListeners
}

export type EngineListeners = {
  readonly [Name in keyof NodeEngineEvents]?: (...event: NodeEngineEvents[Name]) => void
}

export interface EngineSettings {
  readonly name: string
  readonly onTotalLoss: 'reset' | 'halt'
  readonly authorityTimeoutMs: number
  readonly founding: FoundingSettings
  readonly replica: ReplicaSettings
}

const NAME_PATTERN = /^[A-Za-z0-9_]{1,64}$/
const DEFAULT_NAME = 'default'

/** @throws TablesError `OPTION_INVALID` */
export function settingsOf(init: EngineInit): EngineSettings {
  const { name = DEFAULT_NAME, onTotalLoss = 'reset', authorityTimeoutMs = 3000 } = init
  if (!NAME_PATTERN.test(name)) {
    throw new TablesError('OPTION_INVALID', `name must be 1 to 64 letters, digits and underscores, not ${name}.`)
  }
  if (onTotalLoss !== 'reset' && onTotalLoss !== 'halt') {
    throw new TablesError('OPTION_INVALID', `onTotalLoss must be 'reset' or 'halt', not ${String(onTotalLoss)}.`)
  }
  const founding: FoundingSettings = {
    minimumNodes: checkNumber('minimumNodes', init.minimumNodes ?? foundingDefaults.minimumNodes, 1),
    foundAfterMs: checkNumber('foundAfterMs', init.foundAfterMs ?? foundingDefaults.foundAfterMs, 0),
    answerMs: checkNumber('answerMs', init.answerMs ?? foundingDefaults.answerMs, 0),
  }
  const storeBytesMax = checkNumber('bytesMax', init.bytesMax ?? replicaDefaults.storeBytesMax, 1)
  const replica = { ...replicaDefaults, storeBytesMax, ...init.replica }
  for (const [key, value] of Object.entries(replica)) checkNumber(`replica.${key}`, value, 0)
  return {
    name,
    onTotalLoss,
    authorityTimeoutMs: checkNumber('authorityTimeoutMs', authorityTimeoutMs, 1),
    founding,
    replica,
  }
}

/** Under which a process of these tables is registered: the replica, the authority. */
export function processNameOf(name: string, part: 'replica' | 'authority'): string {
  return name === DEFAULT_NAME ? `tiebeam_tables_${part}` : `tiebeam_tables_${part}_${name}`
}

/** Under which the server that other nodes call is registered. */
export function serverNameOf(name: string = DEFAULT_NAME): string {
  return name === DEFAULT_NAME ? 'tiebeam_tables' : `tiebeam_tables_${name}`
}

function checkNumber(name: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least) return value
  throw new TablesError('OPTION_INVALID', `${name} must be a number of at least ${least}.`)
}
