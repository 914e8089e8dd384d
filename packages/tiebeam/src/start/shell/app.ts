import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { inspect } from 'node:util'
import type { Cluster, LeavingStep } from '@tiebeam/cluster'
import type { Logger, Node, NodeUp } from '@tiebeam/distribution'
import type { GlobalNames, Groups, PubSub, Rpc } from '@tiebeam/kernel'
import { Application, type ApplicationEnd, type Supervisor } from '@tiebeam/otp'
import { type Definitions, type OpenedControl, type OpenedTables, openTables } from '@tiebeam/tables'
import type { Registry } from 'prom-client'
import type { Health } from '../../health/answer.ts'
import { Readiness } from '../../health/readiness.ts'
import type { HealthServer } from '../../health/shell/health-server.ts'
import { createMetrics } from '../../metrics/shell/app-metrics.ts'
import { addTableMetrics } from '../../metrics/shell/table-metrics.ts'
import type { Settings } from '../../settings/settings.ts'
import { TIEBEAM_VERSION } from '../../version.ts'
import type { NoTables } from '../start-init.ts'
import type { AppFigures, AppState, AppStatus } from '../status.ts'
import { tableAuthorityOf } from '../table-authority.ts'
import type { Plan } from './launch.ts'

export interface AppInit extends Plan {
  readonly node: Node
  readonly groups: Groups
  readonly globalNames: GlobalNames | undefined
  readonly pubsub: PubSub | undefined
}

/** How an app ended. */
export interface AppEnd {
  /** Whether it was told to stop, or had nothing more to do. */
  readonly ok: boolean
  readonly reason: string
}

const NANOSECONDS_PER_MS = 1e6
/** Between two looks at the event loop, in ms. They are part of what Node measures. */
const DELAY_RESOLUTION_MS = 20
/** Names of lost nodes that are remembered, to count those that come back. */
const LOST_NAMES_MAX = 10_000

/** A running app: all that `start` has started. */
export class App<Defined extends Definitions = NoTables> implements Health {
  readonly settings: Settings
  readonly logger: Logger
  readonly node: Node
  readonly groups: Groups
  /** Undefined when it was left out. */
  readonly globalNames: GlobalNames | undefined
  /** Undefined when none was asked for. */
  readonly pubsub: PubSub | undefined
  readonly readiness = new Readiness()
  /** What the status shows besides, by name. */
  readonly parts = new Map<string, () => unknown>()
  /** The tables that the program defined, by name. */
  tables!: OpenedTables<Defined>
  rpc!: Rpc
  cluster!: Cluster
  /** Undefined when `httpPort` is off. */
  http: HealthServer | undefined
  /** What is stopped last of all: what tells of the app, and takes orders for it. */
  readonly lasting: { stop(): Promise<unknown> }[] = []
  /** The registry of Prometheus, for metrics of the app itself; undefined when `httpPort` is off. */
  metrics: Registry | undefined
  tree: Application | undefined
  readonly #init: AppInit
  readonly #since = new Date()
  readonly #delay: IntervalHistogram
  readonly #lost = new Set<string>()
  readonly #leaving: LeavingStep[]
  #reconnects = 0
  #state: AppState = 'starting'
  #stopping: Promise<void> | undefined
  #onEnd!: (end: AppEnd) => void
  /** Resolves when the app has ended and all of it is stopped. Never rejects. */
  readonly ended = new Promise<AppEnd>((resolve) => {
    this.#onEnd = resolve
  })

  constructor(init: AppInit) {
    const { resolved, logger, node, groups, globalNames, pubsub } = init
    this.#init = init
    this.settings = { ...resolved.settings, cookie: undefined }
    this.logger = logger
    this.node = node
    this.groups = groups
    this.globalNames = globalNames
    this.pubsub = pubsub
    this.#leaving = [...(init.init.leaving ?? [])]
    this.#delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
    this.#delay.enable()
    node.on('nodedown', ({ name }) => this.#lost.size < LOST_NAMES_MAX && this.#lost.add(name))
    node.on('nodeup', ({ name }: NodeUp) => {
      if (this.#lost.delete(name)) this.#reconnects += 1
    })
    const { minimumNodes } = this.settings
    this.readiness.add('start', () => this.#state !== 'starting')
    if (minimumNodes > 1) this.readiness.add(`${minimumNodes} nodes`, () => node.nodes().length + 1 >= minimumNodes)
    for (const [name, check] of Object.entries(init.init.readyWhen ?? {})) this.readiness.add(name, check)
  }

  get name(): string {
    return this.node.name
  }

  get supervisor(): Supervisor {
    return (this.tree as Application).supervisor
  }

  get state(): AppState {
    return this.#state
  }

  /** Adds a step of leaving. Steps of one phase run at the same time. */
  onLeave(step: LeavingStep): void {
    this.#leaving.push(step)
  }

  isAlive(): boolean {
    return this.#state !== 'stopped'
  }

  waitsFor(): readonly string[] {
    const isEnding = this.#state === 'leaving' || this.#state === 'stopped'
    return isEnding ? ['the end, because the app is leaving'] : this.readiness.missing()
  }

  async status(): Promise<AppStatus> {
    const supervisor = await this.tree?.supervisor.countChildren().catch(() => undefined)
    return { ...this.figures(), supervisor }
  }

  /** The status as far as it is known at once. */
  figures(): AppFigures {
    const { node, cluster } = this
    const { rss, heapUsed } = process.memoryUsage()
    const ready = this.#state === 'ready' && this.readiness.missing().length === 0
    return {
      name: node.name,
      state: this.#state === 'ready' && !ready ? 'starting' : this.#state,
      waitsFor: this.waitsFor(),
      versions: { node: process.version, tiebeam: TIEBEAM_VERSION, app: this.#init.version },
      since: this.#since,
      node: node.stats(),
      cluster: cluster.status(),
      reconnects: this.#reconnects,
      eventLoopDelayMs: {
        mean: delayMs(this.#delay.mean),
        p99: delayMs(this.#delay.percentile(99)),
        max: delayMs(this.#delay.max),
      },
      memory: { residentBytes: rss, heapUsedBytes: heapUsed },
      parts: Object.fromEntries([...this.parts].map(([name, part]) => [name, part()])),
    }
  }

  async loadMetrics(): Promise<Registry> {
    this.metrics ??= await createMetrics(() => this.figures())
    return this.metrics
  }

  /** Opens the tables, if there are any. The app leaves them when its children have ended. */
  async openTables(): Promise<void> {
    const { tables = {}, tableOptions } = this.#init.init
    if (Object.keys(tables).length === 0) {
      this.tables = {} as OpenedTables<Defined>
      return
    }
    let status: (() => OpenedControl['status']) | undefined
    this.readiness.add('tables', () => status !== undefined && isMember(status()))
    const opened: OpenedTables<Definitions> = await openTables(this.node, tables as Definitions, {
      authority: tableAuthorityOf(this.settings, this.#init.identity.appName),
      minimumNodes: this.settings.minimumNodes,
      discovered: () => Object.values(this.cluster.status().topologies).flatMap(({ listed }) => listed),
      ...tableOptions,
    })
    status = () => opened.status
    this.parts.set('tables', status)
    if (this.metrics !== undefined) await addTableMetrics(this.metrics, status)
    this.tables = opened as unknown as OpenedTables<Defined>
  }

  /** Starts what the app itself consists of; from then on it is ready. */
  async startTree(signal: AbortSignal): Promise<void> {
    const { children = [], ...limits } = this.#init.init
    const { restartsMax, withinMs, strategy } = limits
    this.tree = await Application.start(
      {
        name: 'tiebeam_app',
        node: this.node,
        logger: this.logger,
        children: typeof children === 'function' ? children(this as unknown as App) : children,
        ...(restartsMax !== undefined && { restartsMax }),
        ...(withinMs !== undefined && { withinMs }),
        ...(strategy !== undefined && { strategy }),
      },
      { signal },
    )
    this.#state = 'ready'
    void this.tree.ended.then((end) => this.#treeEnded(end))
  }

  /**
   * Leaves the cluster and stops everything, in order: not ready; out of groups and names; calls under way are finished, within `drainMs`; the
   * supervision tree; the tables; discovery, the node; health and metrics last. Further calls wait for the first. Never rejects.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop({ ok: true, reason: 'stopped' })
    return this.#stopping
  }

  async #stop(end: AppEnd): Promise<void> {
    this.#state = 'leaving'
    const { drainMs, stopMs } = this.settings
    const inTime = AbortSignal.timeout(stopMs)
    const tree: LeavingStep = {
      phase: 'handOver',
      name: 'supervision tree',
      timeoutMs: stopMs,
      run: () => this.tree?.stop(),
    }
    const tables: LeavingStep = { phase: 'disconnect', name: 'tables', run: () => this.tables?.stop?.() }
    try {
      await this.cluster.leave({ drainMs, steps: [...this.#leaving, tree, tables], signal: inTime })
    } catch (error) {
      this.logger.error({ err: error }, 'The app could not leave the cluster in order.')
    }
    await Promise.all(this.lasting.map((part) => part.stop()))
    this.#delay.disable()
    this.#state = 'stopped'
    this.logger.info(
      inTime.aborted ? { stopMs } : {},
      inTime.aborted ? 'The app was stopped, cut off after stopMs.' : 'The app has stopped.',
    )
    this.#onEnd(inTime.aborted ? { ok: false, reason: 'the stop took longer than stopMs' } : end)
  }

  #treeEnded(end: ApplicationEnd): void {
    if (this.#stopping !== undefined) return
    const ok = end.type === 'stopped' || end.type === 'significantChildEnded'
    if (!ok) this.logger.fatal({ cause: end.type }, 'The app has failed: its root supervisor has ended.')
    this.#stopping = this.#stop({ ok, reason: `the root supervisor has ended: ${end.type}` })
  }

  [inspect.custom](): string {
    return `App { name: '${this.name}', state: '${this.#state}' }`
  }
}

function delayMs(nanoseconds: number): number {
  const late = nanoseconds / NANOSECONDS_PER_MS - DELAY_RESOLUTION_MS
  return Number.isFinite(late) ? Math.max(0, Math.round(late)) : 0
}

function isMember({ role, cutOff }: { readonly role: string; readonly cutOff: boolean }): boolean {
  return (role === 'primary' || role === 'member') && !cutOff
}
