import { type Logger, silentLogger } from '@tiebeam/distribution'
import type { Served } from '@tiebeam/otp'
import { ClusterError, codeOf, messageOf } from '../errors.ts'
import type { FormationEffect, FormationEvent } from '../formation/events.ts'
import { Formation } from '../formation/formation.ts'
import { type Sifted, sift } from '../formation/listing.ts'
import { type ClusterInit, type ClusterOptions, clusterOptions } from '../init.ts'
import { type LeaveInit, leaveOptions } from '../leaving/leave-init.ts'
import { leave } from '../leaving/shell/leaving.ts'
import type { LeavingStep, StepOutcome } from '../leaving/step.ts'
import type { ClusterNode, NodeDown, NodeUp } from '../node.ts'
import { isRefusal } from '../refusal.ts'
import type { GroupCallInit } from '../routing/call-init.ts'
import { GroupRef } from '../routing/group-ref.ts'
import { Router } from '../routing/shell/router.ts'
import { type ClusterStatus, statusOf } from '../status.ts'
import type { StrategyContext } from '../strategy.ts'
import { localAddresses, selfAddresses } from './addresses.ts'
import { logReport, RejectionLog } from './log.ts'
import { NodeLists } from './node-lists.ts'
import { TopologyHooks } from './topology-hooks.ts'
import { TopologyRunner } from './topology-runner.ts'

/** For what waits to be sent when the node has left. */
const STOP_MS = 5_000
/** Code of `connect` of a node that has stopped. */
const NODE_STOPPED = 'NODE_STOPPED'

/**
 * Forms a cluster out of what its topologies list, and heals it. It owns no link: links belong to the node, and stay when the
 * cluster stops.
 */
export class Cluster {
  readonly #node: ClusterNode
  readonly #options: ClusterOptions
  readonly #logger: Logger
  readonly #formation: Formation
  readonly #runners = new Map<string, TopologyRunner>()
  readonly #hooks = new Map<string, TopologyHooks>()
  readonly #nodeLists: NodeLists
  readonly #ending = new AbortController()
  readonly #attempts = new Map<string, AbortController>()
  readonly #disconnecting = new Set<string>()
  readonly #rejections: RejectionLog
  readonly #selfAddresses: ReadonlySet<string>
  readonly #router: Router | undefined
  readonly #queue: FormationEvent[] = []
  #handling = false
  #stopped = false
  #leaving: { readonly outcomes: Promise<StepOutcome[]>; readonly abort: AbortController } | undefined
  #timer: NodeJS.Timeout | undefined

  readonly #onNodeUp = ({ name }: NodeUp): void => {
    if (!this.#isListedElsewhere(name)) this.#dispatch({ type: 'nodeup', name })
  }
  readonly #onNodeDown = ({ name }: NodeDown): void => {
    if (!this.#isListedElsewhere(name)) this.#dispatch({ type: 'nodedown', name })
  }

  private constructor(node: ClusterNode, options: ClusterOptions, ownAddresses: ReadonlySet<string>) {
    this.#node = node
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    this.#rejections = new RejectionLog(this.#logger)
    this.#selfAddresses = ownAddresses
    this.#router = options.groups && new Router(options.groups)
    const topologies = Object.entries(options.topologies)
    this.#formation = new Formation({
      topologies: topologies.map(([name, { strategy }]) => ({
        name,
        pollingIntervalMs: strategy.type === 'polled' ? strategy.pollingIntervalMs : undefined,
      })),
      settings: options.settings,
      random: Math.random,
    })
    const context: StrategyContext = { self: node.name, localAddresses, logger: this.#logger }
    for (const [name, topology] of topologies) {
      this.#hooks.set(name, new TopologyHooks(name, topology, options.hookMs, this.#ending.signal))
      const runner = new TopologyRunner(topology.strategy, context, options.lookupMs, {
        listed: (found) => this.#listed(name, found),
        failed: (error) => this.#dispatch({ type: 'lookupFailed', topology: name, error }),
      })
      this.#runners.set(name, runner)
    }
    this.#nodeLists = new NodeLists({
      hooks: [...this.#hooks.values()].filter((hooks) => hooks.has('listNodes')),
      intervalMs: options.settings.searchMsMax,
      logger: this.#logger,
      onNodes: (topology, nodes) => this.#listedNodes(topology, nodes),
    })
  }

  /**
   * Begins to look and to dial; resolves without waiting for any peer.
   * @throws ClusterError `OPTION_INVALID`
   */
  static async start(node: ClusterNode, init: ClusterInit): Promise<Cluster> {
    const options = clusterOptions(init)
    const cluster = new Cluster(node, options, await selfAddresses(node.name, options.lookupMs))
    cluster.#start()
    return cluster
  }

  /** What discovery found, and how far the cluster has come. */
  status(): ClusterStatus {
    const views = Object.entries(this.#options.topologies).map(
      ([name, { strategy }]) =>
        [name, strategy.kind, this.#formation.view(name), this.#runners.get(name)?.failures ?? 0] as const,
    )
    return statusOf(views, performance.now())
  }

  /** Ends looking and dialling. Attempts under way are given up; live links stay. Resolves when the strategies have stopped. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#node.off('nodeup', this.#onNodeUp)
    this.#node.off('nodedown', this.#onNodeDown)
    const stopping = new Error('The cluster stops.')
    this.#nodeLists.stop()
    this.#ending.abort(stopping)
    for (const attempt of this.#attempts.values()) attempt.abort(stopping)
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()))
  }

  /**
   * Calls a live member of a process group: see {@link Router.call}.
   * @throws ClusterError `OPTION_INVALID` when the cluster was started without `groups`
   */
  async call<Reply = unknown>(group: unknown, request: unknown, init: GroupCallInit = {}): Promise<Reply> {
    if (this.#router !== undefined) return this.#router.call<Reply>(group, request, init)
    const text = 'cluster.call needs process groups: Cluster.start(node, { …, groups: await Groups.start(node) }).'
    throw new ClusterError('OPTION_INVALID', text)
  }

  /** A typed way to a group of GenServers of one class: `cluster.group<Carts>('carts').call('add', 'tea')`. */
  group<Server extends Served>(group: unknown, init: GroupCallInit = {}): GroupRef<Server> {
    return new GroupRef<Server>(this, group, init)
  }

  /**
   * Leaves the cluster in an order that costs nobody a call: phase by phase what `steps` says, and of its own in `leave` the groups and names, in
   * `drain` the calls that are under way (those of other nodes that come later are refused, and `call` takes them elsewhere), and last of all discovery and
   * the node, which is stopped when this resolves. A second call, like the signal, ends it at once: what has not been done is left out.
   * @returns what became of each step
   * @throws ClusterError `OPTION_INVALID`
   */
  async leave(init: LeaveInit = {}): Promise<readonly StepOutcome[]> {
    if (this.#leaving !== undefined) {
      this.#leaving.abort.abort(new Error('Leaving was ended at once.'))
      return this.#leaving.outcomes
    }
    const { drainMs, steps, signal } = leaveOptions(init)
    const abort = new AbortController()
    signal?.addEventListener('abort', () => abort.abort(signal.reason), { once: true })
    if (signal?.aborted === true) abort.abort(signal.reason)
    this.#leaving = { outcomes: this.#leave(drainMs, steps, abort.signal), abort }
    return this.#leaving.outcomes
  }

  async #leave(drainMs: number, steps: readonly LeavingStep[], signal: AbortSignal): Promise<StepOutcome[]> {
    this.#logger.info({ drainMs }, `${this.#node.name} leaves the cluster.`)
    const { groups, names } = this.#options
    const own: LeavingStep[] = [
      { phase: 'drain', name: 'calls under way', run: () => this.#node.drain.begin() },
      { phase: 'disconnect', name: 'discovery', run: () => this.stop() },
    ]
    if (groups !== undefined) own.push({ phase: 'leave', name: 'groups', run: () => groups.leaveAll() })
    if (names !== undefined) own.push({ phase: 'leave', name: 'names', run: () => names.leaveAll() })
    const outcomes = await leave({ steps: [...own, ...steps], drainMs, logger: this.#logger, signal })
    // If leaving was ended at once, it still runs.
    this.#stopUnattended()
    await this.#node.stop({ timeoutMs: signal.aborted ? 0 : STOP_MS })
    return outcomes
  }

  #start(): void {
    // Before the list of peers is read, so that none slips through between the two.
    this.#node.on('nodeup', this.#onNodeUp)
    this.#node.on('nodedown', this.#onNodeDown)
    this.#dispatch({ type: 'started', connected: [...this.#node.nodes('connected')] })
    for (const runner of this.#runners.values()) runner.start()
    this.#nodeLists.start()
  }

  #listed(topology: string, found: readonly unknown[]): void {
    if (this.#stopped) return
    const sifted: Sifted = sift(found, {
      self: this.#node.name,
      selfAddresses: this.#selfAddresses,
      namesMax: this.#options.namesMax,
    })
    this.#rejections.note(topology, sifted, this.#options.namesMax)
    this.#dispatch({ type: 'listed', topology, names: sifted.names })
    this.#nodeLists.ask(topology)
  }

  /** Whether a topology with a `listNodes` of its own says if this name is connected. */
  #isListedElsewhere(name: string): boolean {
    return this.#formation.listedBy(name).some((topology) => this.#hooks.get(topology)?.has('listNodes'))
  }

  #listedNodes(topology: string, nodes: ReadonlySet<string>): void {
    for (const name of this.#formation.view(topology).listed) {
      this.#dispatch({ type: nodes.has(name) ? 'nodeup' : 'nodedown', name })
    }
  }

  /** Effects may cause events before they return; those wait until the effects of the event at hand are done. */
  #dispatch(event: FormationEvent): void {
    if (this.#stopped) return
    this.#queue.push(event)
    if (this.#handling) return
    this.#handling = true
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        for (const effect of this.#formation.handle(next, performance.now())) this.#perform(effect)
      }
    } finally {
      this.#handling = false
      this.#setTimer()
    }
  }

  #setTimer(): void {
    clearTimeout(this.#timer)
    const atMs = this.#formation.wakeAtMs
    if (atMs === undefined) return
    // Rounded up: a timer that fires early would find nothing due, and be set again for no time at all.
    const waitMs = Math.max(0, Math.ceil(atMs - performance.now()))
    this.#timer = setTimeout(() => this.#dispatch({ type: 'woken' }), waitMs)
  }

  #perform(effect: FormationEffect): void {
    switch (effect.type) {
      case 'lookUp':
        this.#runners.get(effect.topology)?.lookUp()
        return
      case 'connect':
        this.#connect(effect.name, effect.redialMs)
        return
      case 'abandon':
        this.#attempts.get(effect.name)?.abort(new Error(`${effect.name} is no longer listed.`))
        return
      case 'disconnect':
        this.#disconnect(effect.name, effect.topology)
        return
      case 'listingChanged':
      case 'lookupFailing':
      case 'lookupRecovered':
      case 'peerRefuses':
      case 'peerUnreachable':
      case 'peerFound':
        logReport(this.#logger, effect)
        return
    }
  }

  #connect(name: string, redialMs: number): void {
    const attempt = new AbortController()
    this.#attempts.set(name, attempt)
    const ended = (event: FormationEvent): void => {
      this.#attempts.delete(name)
      this.#dispatch(event)
    }
    this.#attempt(name, redialMs, attempt.signal).then(
      () => {
        ended({ type: 'connected', name })
        for (const topology of this.#formation.listedBy(name)) this.#nodeLists.ask(topology)
      },
      (error: unknown) => {
        const code = codeOf(error)
        // There is nothing left to connect; each listed peer would only be complained of.
        if (code === NODE_STOPPED) this.#stopWithNode()
        ended({ type: 'connectFailed', name, error, code, refused: isRefusal(code) })
      },
    )
  }

  #stopWithNode(): void {
    if (this.#stopped) return
    this.#logger.info('The node has stopped, and so does the cluster.')
    this.#stopUnattended()
  }

  #stopUnattended(): void {
    const failed = (error: unknown): void => this.#logger.warn({ err: error }, 'A strategy could not be stopped.')
    this.stop().catch(failed)
  }

  /** `async`, so that a node which throws instead of rejecting does no harm. */
  async #attempt(name: string, redialMs: number, signal: AbortSignal): Promise<void> {
    const connecting = this.#formation.listedBy(name).map((topology) => this.#hooks.get(topology))
    const hooks = connecting.find((each) => each?.has('connect'))
    await (hooks ?? this.#node).connect(name, { signal, redialMs })
  }

  #disconnect(name: string, topology: string): void {
    if (this.#disconnecting.has(name)) return
    this.#disconnecting.add(name)
    this.#logger.info({ peer: name }, `Disconnecting ${name}: discovery no longer lists it.`)
    const hooks = this.#hooks.get(topology)
    const ended = (): void => {
      this.#disconnecting.delete(name)
      // Of a name that is not listed, listNodes tells nothing.
      if (hooks?.has('listNodes') === true) this.#dispatch({ type: 'nodedown', name })
    }
    const failed = (error: unknown): void => {
      this.#disconnecting.delete(name)
      this.#logger.warn({ peer: name, err: error }, `Could not disconnect ${name}: ${messageOf(error)}`)
    }
    const disconnector = hooks?.has('disconnect') === true ? hooks : this.#node
    disconnector.disconnect(name).then(ended, failed)
  }
}
