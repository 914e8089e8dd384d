import type { Node } from '@tiebeam/distribution'
import type { ServerRef } from '@tiebeam/otp'
import { storeDefinitions } from './api/definition.ts'
import type { TableLimits } from './api/limits.ts'
import type { Definitions } from './api/table.ts'
import { type CreatedTables, createTables, type Tables, type TablesStatus } from './api/tables.ts'
import { members } from './authority/members/shell/members-authority.ts'
import { type Access, checkAccess } from './beam/access.ts'
import { type ServedTables, TablesServer, type TablesServerInit } from './beam/shell/tables-server.ts'
import { TablesError } from './errors.ts'
import { type EngineInit, serverNameOf } from './node/engine-init.ts'
import { NodeEngine } from './node/node-engine.ts'
import type { NodeEngineEvents, NodeEngineStatus } from './node/status.ts'
import { Store } from './store/store.ts'

export interface OpenOptions extends Omit<EngineInit, 'node' | 'createStore' | 'authority'>, Partial<TableLimits> {
  /** Who decides which processes are members; the same at all nodes. Default `members()`. */
  readonly authority?: EngineInit['authority']
  /**
   * Which tables other nodes may reach by calls of the server `tiebeam_tables` (with another `name` of the tables,
   * `tiebeam_tables_<name>`), for nodes that have no tables themselves, such as those of Elixir. Default: none.
   */
  readonly expose?: Access
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
  options: OpenOptions = {},
): Promise<OpenedTables<Defined>> {
  const { openTimeoutMs = OPEN_MS, authority = members(), expose } = options
  if (expose !== undefined) checkAccess(expose, definitions)
  const engine = await NodeEngine.start({
    ...options,
    authority,
    node,
    createStore: () => new Store(storeDefinitions(definitions)),
  })
  try {
    await becomeMember(engine, openTimeoutMs)
    const created = await createTables(engine, definitions, limitsOf(options))
    const server = expose && (await serve(node, created.tables, expose, options.name))
    return withControl(created, engine, server)
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

function limitsOf({ rowBytesMax, rowsMax, writesMax, attemptsMax }: OpenOptions): Partial<TableLimits> {
  return definedOf({ rowBytesMax, rowsMax, writesMax, attemptsMax })
}

function definedOf<Options extends object>(options: Options): { [Name in keyof Options]?: NonNullable<Options[Name]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}

function serve<Defined extends Definitions>(
  node: Node,
  tables: Tables<Defined>,
  access: Access,
  name: string | undefined,
): Promise<ServerRef<TablesServer>> {
  const args: [TablesServerInit] = [{ tables: tables as unknown as ServedTables, access }]
  return TablesServer.start(node, { name: serverNameOf(name), args })
}

function withControl<Defined extends Definitions>(
  { tables, status, close }: CreatedTables<Defined>,
  engine: NodeEngine,
  server: ServerRef<TablesServer> | undefined,
): OpenedTables<Defined> {
  const control: OpenedControl = {
    get status() {
      return { ...status(), ...engine.status }
    },
    on: (name, listener) => void engine.on(name, listener as never),
    off: (name, listener) => void engine.off(name, listener as never),
    stop: async (options) => {
      // What it has taken is done before the replica leaves; a server that is gone has nothing to do.
      await server?.stop().catch(() => undefined)
      await engine.stop(options)
      close()
    },
    reset: (options) => engine.reset(options),
  }
  const properties = Object.getOwnPropertyDescriptors(control)
  return Object.defineProperties(tables, properties) as unknown as OpenedTables<Defined>
}
