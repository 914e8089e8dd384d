import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger, Node } from '@tiebeam/distribution'
import type { AuthorityHost, AuthorityKind } from '../authority/authority-kind.ts'
import type { Attempt, Engine, EngineCopy, EngineListener, EngineTransaction } from '../engine.ts'
import { TablesError } from '../errors.ts'
import { yields } from '../founding/identity.ts'
import type { View } from '../member.ts'
import type { Outcome, Report } from '../replica/event.ts'
import type { Hello } from '../wire/hello.ts'
import { ApplicationCalls } from './application-calls.ts'
import { AuthorityCalls } from './authority-calls.ts'
import { Chronicle } from './chronicle.ts'
import { Deaths } from './deaths.ts'
import { type EngineInit, type EngineSettings, processNameOf, settingsOf } from './engine-init.ts'
import { Entrance } from './entrance.ts'
import { Greetings } from './greetings.ts'
import { ReplicaDriver } from './replica-driver.ts'
import { reset } from './reset.ts'
import { figuresOf, misses, type NodeEngineEvents, type NodeEngineStatus, roleOf } from './status.ts'
import { Subscribers } from './subscribers.ts'
import { Transport } from './transport.ts'

/** How often nodes are asked, and things looked at, while this process is in no view. */
const LOOK_MS = 1000

export class NodeEngine extends EventEmitter<NodeEngineEvents> implements Engine {
  readonly node: string
  readonly #node: Node
  readonly #kind: AuthorityKind
  readonly #settings: EngineSettings
  readonly #logger: Logger
  readonly #calls: ApplicationCalls
  readonly #authority: AuthorityCalls
  readonly #transport: Transport
  readonly #greetings: Greetings
  readonly #driver: ReplicaDriver
  readonly #subscribers: Subscribers
  readonly #deaths: Deaths
  readonly #entrance: Entrance
  readonly #chronicle: Chronicle
  #lookedMs = Number.NEGATIVE_INFINITY
  #stopping: Promise<void> | undefined
  #isStopped = false
  #isResetting = false
  #onLeft: () => void = () => {}

  /**
   * Starts a replica on a node. It becomes a member on its own, as soon as it can.
   * @throws TablesError `OPTION_INVALID`, and what the authority throws at its start; DistributionError `NAME_TAKEN`, `NODE_STOPPED`
   */
  static async start(init: EngineInit): Promise<NodeEngine> {
    const engine = new NodeEngine(init, settingsOf(init))
    try {
      await engine.#start()
    } catch (error) {
      engine.#end()
      await engine.#authority.stop()
      throw error
    }
    return engine
  }

  private constructor(init: EngineInit, settings: EngineSettings) {
    super()
    this.setMaxListeners(0)
    for (const [name, listener] of Object.entries(init.on ?? {})) this.on(name as keyof NodeEngineEvents, listener)
    const { node } = init
    this.#node = node
    this.node = node.name
    this.#kind = init.authority
    this.#settings = settings
    this.#logger = node.logger.child({ tables: settings.name })
    this.#subscribers = new Subscribers(this.#logger)
    this.#calls = new ApplicationCalls((call) => this.#driver.hand(call))
    this.#chronicle = new Chronicle({
      logger: this.#logger,
      emit: (name, event) => this.emit(name, ...(event as never)),
    })
    this.#authority = new AuthorityCalls({
      kind: init.authority,
      host: this.#host(),
      logger: this.#logger,
      timeoutMs: settings.authorityTimeoutMs,
    })
    this.#transport = new Transport({
      node,
      logger: this.#logger,
      processName: processNameOf(settings.name, 'replica'),
      onPacket: (_from, packet, answer) => {
        if (packet.type === 'message') this.#driver.hand({ type: 'message', message: packet.message })
        else this.#greetings.received(packet.hello)
        answer?.({ type: 'hello', hello: this.#hello() })
      },
      onEnded: () => this.#ended(),
    })
    this.#greetings = new Greetings({
      node,
      logger: this.#logger,
      transport: this.#transport,
      ownHello: () => this.#hello(),
      onHello: (hello) => this.#heard(hello),
      onDown: (name) => this.#deaths.linkClosed(name),
      isMissed: (name) => misses(this.#driver.replica, name),
      missedMs: settings.replica.suspectAfterMs / 4,
    })
    this.#deaths = new Deaths({
      node,
      peers: this.#greetings.peers,
      self: () => this.#driver.replica.self,
      view: () => this.#driver.replica.view,
      onLost: ({ uid }) => this.#driver.hand({ type: 'lost', uid }),
    })
    this.#entrance = new Entrance({
      self: node.name,
      kind: init.authority,
      settings,
      logger: this.#logger,
      peers: this.#greetings.peers,
      discovered: init.discovered ?? (() => []),
      isDead: (member) => this.#deaths.isDead(member),
      found: (identity, over) => this.#driver.hand({ type: 'found', identity, over }),
      onWaiting: () => this.#subscribers.statusChanged(),
    })
    this.#driver = new ReplicaDriver({
      node: node.name,
      creation: node.creation,
      logger: this.#logger,
      settings: settings.replica,
      createStore: init.createStore,
      authority: this.#authority,
      send: (to, message) => this.#transport.send(to, { type: 'message', message }),
      onTurn: (reports, isAnswered) => this.#report(reports, isAnswered),
      onTick: () => this.#look(),
      onFailed: (error) => this.#failed(error),
    })
  }

  get copy(): EngineCopy | undefined {
    const { replica } = this.#driver
    return replica.isReadable ? (replica.copy as EngineCopy) : undefined
  }

  get status(): NodeEngineStatus {
    const { replica } = this.#driver
    return {
      ...figuresOf(replica, this.#settings.replica),
      role: this.#role(),
      view: this.#isStopped ? undefined : replica.view,
      waitingFor: this.#entrance.waitingFor,
      problem: this.#chronicle.recordProblem ?? this.#authority.problem,
      callsPending: this.#calls.size,
      ...this.#calls.counts,
      ...this.#chronicle.counts,
      authorityUnknown: this.#authority.unknown,
      ...this.#transport.counts,
    }
  }

  begin(): EngineTransaction {
    return this.#calls.begin()
  }

  sync(): Promise<Outcome> {
    return this.#calls.sync()
  }

  validate(attempt: Omit<Attempt, 'writes'>): Promise<Outcome> {
    return this.#calls.validate(attempt)
  }

  subscribe(listener: EngineListener): () => void {
    return this.#subscribers.add(listener)
  }

  /**
   * Leaves the view, and resolves when the others know; a primary hands over first. After `timeoutMs` (default 5,000) it ends all the same,
   * and the others find out on their own. Calls that are under way end as unknown.
   */
  stop({ timeoutMs = 5000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs)
    return this.#stopping
  }

  /**
   * A person's decision, after members of the view or the record of the authority were lost for good: this process begins a new cluster,
   * with the rows that it holds (`keep`) or with none, and all others that meet it give up what they hold and join it.
   * @throws TablesError `AUTHORITY_UNKNOWN` when the authority does not answer or does not take it, `NOT_A_MEMBER` when there are no rows
   * to be kept
   */
  async reset({ keep }: { readonly keep: boolean }): Promise<void> {
    const { replica } = this.#driver
    if (keep && !replica.isReadable) {
      throw new TablesError('NOT_A_MEMBER', 'This process holds no rows that could be kept; reset another one.')
    }
    this.#isResetting = true
    try {
      // Where the members themselves are the authority, theirs ends with them.
      if (this.#kind.founder === 'lowest') await this.#authority.startAgain()
      await reset({
        driver: this.#driver,
        authority: this.#authority,
        logger: this.#logger,
        keep,
        timeoutMs: this.#settings.authorityTimeoutMs,
        onBegun: (identity) => {
          if (keep) this.#chronicle.keptIdentity = identity
          this.#calls.settleAll({ type: 'unknown' })
        },
      })
    } finally {
      this.#isResetting = false
    }
  }

  async #start(): Promise<void> {
    await this.#authority.start()
    this.#greetings.start()
    this.#driver.start()
  }

  #host(): AuthorityHost {
    return {
      node: this.#node,
      name: this.#settings.name,
      self: () => this.#driver.replica.self,
      view: () => this.#knownView(),
      peers: () => this.#greetings.peers.present().map(({ member }) => member.node),
      isDead: (member) => this.#deaths.isDead(member),
    }
  }

  #knownView(): View | undefined {
    if (this.#isResetting) return undefined
    return this.#driver.replica.view ?? this.#greetings.peers.newestView(this.#kind.kind)
  }

  #role(): NodeEngineStatus['role'] {
    return this.#isStopped ? 'none' : roleOf(this.#driver.replica)
  }

  #hello(): Hello {
    const { replica, incarnation } = this.#driver
    return {
      name: this.#settings.name,
      kind: this.#kind.kind,
      member: replica.self,
      incarnation,
      view: replica.isMember ? replica.view : undefined,
    }
  }

  #report(reports: readonly Report[], isAnswered: boolean): void {
    const { replica } = this.#driver
    if (isAnswered && !reports.some(({ type }) => type === 'recordWentBack')) this.#chronicle.recordStands()
    for (const report of reports) this.#take(report)
    this.#subscribers.settled(replica)
  }

  #take(report: Report): void {
    switch (report.type) {
      case 'settled':
        this.#calls.settle(report.call, report.outcome)
        return
      case 'applied':
        this.#subscribers.applied(this.#driver.replica, report.entries)
        return
      case 'view':
        this.#viewChanged(report.view)
        return
      case 'indexed':
        this.#subscribers.statusChanged()
        return
      case 'cutOff':
      case 'reached':
        this.#chronicle.cutOff(report.type === 'cutOff')
        this.#subscribers.statusChanged()
        return
      case 'excluded':
        this.#chronicle.excluded(report.view)
        this.#subscribers.statusChanged()
        return
      case 'unfounded':
        this.#entrance.unfounded(report.over)
        this.#look()
        return
      case 'recordWentBack':
        this.#chronicle.recordWentBack(report)
        this.#subscribers.statusChanged()
        return
      case 'left':
        this.#onLeft()
        return
      case 'restored':
        return
    }
  }

  #viewChanged(view: View): void {
    const isAfterLoss = this.#entrance.viewKnown(view, this.#driver.replica.isMember)
    this.#chronicle.viewKnown({ view, role: this.#role(), incarnation: this.#driver.incarnation, isAfterLoss })
    this.#greetings.announce()
    this.#deaths.report()
    this.#subscribers.statusChanged()
  }

  #heard({ view }: Hello): void {
    this.#deaths.report()
    if (view === undefined) return
    this.#driver.hand({ type: 'met' })
    this.#meet(view)
  }

  /** Another cluster: one of the two ends, and its members join the other. */
  #meet(theirs: View): void {
    const { replica } = this.#driver
    const own = replica.view
    if (own === undefined || !yields(own.identity, theirs.identity, this.#kind.founder)) return
    this.#logger.error(
      { ours: own.identity, theirs: theirs.identity },
      'tables: met another cluster of the same tables, which goes on; what was written here is given up',
    )
    void this.#restart()
  }

  /** What is looked at again and again, most of it by a process that is in no view. */
  #look(): void {
    this.#greetings.look()
    const { replica } = this.#driver
    if (this.#isStopped || this.#isResetting || this.#stopping !== undefined || replica.isMember) return
    const nowMs = performance.now()
    if (nowMs - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = nowMs
      this.#greetings.greetAll()
      void this.#deaths.askForProof(this.#authority)
    }
    this.#entrance.look(replica.view, this.#authority.problem, replica.self.uid)
  }

  /** Gives up everything, and begins as a process that knows nothing. */
  async #restart(): Promise<void> {
    this.#calls.settleAll({ type: 'unknown' })
    this.#driver.replace(undefined)
    this.#greetings.announce()
    try {
      await this.#authority.startAgain()
    } catch (error) {
      this.#logger.error({ err: error }, 'tables: the authority could not be started again')
    }
  }

  #failed(error: unknown): void {
    this.#logger.error(
      { err: error },
      'tables: the replica met what cannot be, and starts again with nothing; please report this',
    )
    void this.#restart()
  }

  #ended(): void {
    if (this.#isStopped) return
    this.#logger.error(
      {},
      'tables: the process of the replica was ended; this node takes no part any longer. Stop the tables before their node',
    )
    this.#end()
  }

  async #stop(timeoutMs: number): Promise<void> {
    if (this.#isStopped) return
    const untilMs = performance.now() + timeoutMs
    this.#calls.close()
    // What was asked for before is mostly done in a moment.
    await Promise.race([this.#calls.idle(), sleep(timeoutMs / 2, undefined, { ref: false })])
    await this.#leave(untilMs)
    this.#end()
    await this.#authority.stop()
  }

  async #leave(untilMs: number): Promise<void> {
    this.#driver.isLeaving = true
    const { replica } = this.#driver
    if (!replica.isMember && !replica.isExcluded) return
    const left = new Promise<boolean>((resolve) => {
      this.#onLeft = () => resolve(true)
    })
    this.#driver.hand({ type: 'leave' })
    const isLeft = await Promise.race([left, sleep(Math.max(0, untilMs - performance.now()), false, { ref: false })])
    if (!isLeft) this.#logger.warn({}, 'tables: could not leave the view in time; the others have to find out')
  }

  #end(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    for (const part of [this.#driver, this.#greetings, this.#transport]) part.stop()
    this.#calls.close()
    this.#calls.settleAll({ type: 'unknown' })
    this.#subscribers.statusChanged()
  }
}
