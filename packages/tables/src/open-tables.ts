import type { Node } from '@tiebeam/distribution'
import { storeDefinitions } from './api/definition.ts'
import type { TableLimits } from './api/limits.ts'
import type { Definitions } from './api/table.ts'
import { createTables, type Tables, type TablesStatus } from './api/tables.ts'
import { TablesError } from './errors.ts'
import type { EngineInit } from './node/engine-init.ts'
import { NodeEngine } from './node/node-engine.ts'
import type { NodeEngineEvents, NodeEngineStatus } from './node/status.ts'
import { Store } from './store/store.ts'

export interface OpenOptions extends Omit<EngineInit, 'node' | 'createStore'>, Partial<TableLimits> {
  /** How long to wait until this process is a member and holds the rows. Default 60,000. */
  readonly openTimeoutMs?: number
}

/** What there is of tables on a node, besides the tables themselves. */
export interface OpenedControl {
  /** The view, this process's part in it, figures: plain data, for health checks and metrics. */
  readonly status: NodeEngineStatus & TablesStatus
  on<Name extends keyof NodeEngineEvents>(name: Name, listener: (...event: NodeEngineEvents[Name]) => void): void
  off<Name extends keyof NodeEngineEvents>(name: Name, listener: (...event: NodeEngineEvents[Name]) => void): void
  /**
   * Leaves the view, and resolves when the others know; a primary hands over first, the last member leaves an empty view. After
   * `timeoutMs` (default 5,000) it ends all the same, and the others find out on their own. To be called before the node stops.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>
  /** See {@link NodeEngine.reset}. */
  reset(options: { readonly keep: boolean }): Promise<void>
}

export type OpenedTables<Defined extends Definitions> = Omit<Tables<Defined>, 'status'> & OpenedControl

const OPEN_MS = 60_000

/**
 * Opens tables on a node: starts a replica, and resolves when it is a member and holds all rows. Rows are in the memory of every node
 * that opened the tables.
 * @throws TablesError `OPEN_TIMEOUT`, which says what was waited for, `OPTION_INVALID`, `SCHEMA_INCOMPATIBLE`, and what the authority
 * throws at its start; DistributionError `NAME_TAKEN` when they are open already, `NODE_STOPPED`
 */
export async function openTables<const Defined extends Definitions>(
  node: Node,
  definitions: Defined,
  options: OpenOptions,
): Promise<OpenedTables<Defined>> {
  const { openTimeoutMs = OPEN_MS } = options
  const engine = await NodeEngine.start({
    ...options,
    node,
    createStore: () => new Store(storeDefinitions(definitions)),
  })
  try {
    await becomeMember(engine, openTimeoutMs)
    const { tables, close } = await createTables(engine, definitions, limitsOf(options))
    return withControl(tables, engine, close)
  } catch (error) {
    await engine.stop()
    throw error
  }
}

function becomeMember(engine: NodeEngine, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      unsubscribe()
      const { waitingFor, problem } = engine.status
      const what = [waitingFor ?? 'the rows', problem].filter((text) => text !== undefined).join('; ')
      const message = `The tables were not open within ${timeoutMs} ms (openTimeoutMs): waiting for ${what}.`
      reject(new TablesError('OPEN_TIMEOUT', message))
    }, timeoutMs)
    const look = (): void => {
      const { role } = engine.status
      if (engine.copy === undefined || (role !== 'primary' && role !== 'member')) return
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
    const unsubscribe = engine.subscribe({ applied: look, restored: look, statusChanged: look })
    look()
  })
}

function limitsOf({ bytesMax, rowBytesMax, writesMax, attemptsMax }: OpenOptions): Partial<TableLimits> {
  return definedOf({ bytesMax, rowBytesMax, writesMax, attemptsMax })
}

function definedOf<Options extends object>(options: Options): { [Name in keyof Options]?: NonNullable<Options[Name]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}

function withControl<Defined extends Definitions>(
  tables: Tables<Defined>,
  engine: NodeEngine,
  close: () => void,
): OpenedTables<Defined> {
  const tablesStatus = (): TablesStatus => Reflect.get(Object.getPrototypeOf(tables) as object, 'status', tables)
  const control: OpenedControl = {
    get status() {
      return { ...tablesStatus(), ...engine.status }
    },
    on: (name, listener) => void engine.on(name, listener as never),
    off: (name, listener) => void engine.off(name, listener as never),
    stop: async (options) => {
      await engine.stop(options)
      close()
    },
    reset: (options) => engine.reset(options),
  }
  const properties = Object.getOwnPropertyDescriptors(control)
  return Object.defineProperties(tables, properties) as unknown as OpenedTables<Defined>
}
