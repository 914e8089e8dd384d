import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger, Node } from '@tiebeam/distribution'
import type { AuthorityHost, AuthorityKind, StartedAuthority } from '../authority/authority-kind.ts'
import type { Attempt, Engine, EngineCopy, EngineListener, EngineTransaction } from '../engine.ts'
import { TablesError } from '../errors.ts'
import { compareIdentities, identityOf, nextGeneration, stampOf } from '../founding/identity.ts'
import { namesOf } from '../founding/peers.ts'
import type { View } from '../member.ts'
import type { Outcome, Report } from '../replica/event.ts'
import type { Hello } from '../wire/hello.ts'
import { AuthorityCalls } from './authority-calls.ts'
import { CallTable } from './call-table.ts'
import { Deaths } from './deaths.ts'
import { type EngineInit, type EngineSettings, processNameOf, settingsOf } from './engine-init.ts'
import { Entrance } from './entrance.ts'
import { Greetings } from './greetings.ts'
import { ReplicaDriver } from './replica-driver.ts'
import type { DataLoss, NodeEngineEvents, NodeEngineStatus } from './status.ts'
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
  readonly #calls = new CallTable()
  readonly #authorityCalls: AuthorityCalls
  readonly #transport: Transport
  readonly #greetings: Greetings
  readonly #driver: ReplicaDriver
  readonly #subscribers: Subscribers
  readonly #deaths: Deaths
  readonly #entrance: Entrance
  #authority: StartedAuthority | undefined
  #recordProblem: string | undefined
  #lookedMs = Number.NEGATIVE_INFINITY
  #wasMember = false
  /** The newest view of whichever cluster this process knew of last. */
  #lastView: View | undefined
  #stopping: Promise<void> | undefined
  #isStopped = false
  #isResetting = false
  /** The cluster that this process began with the rows that it held. */
  #keptIdentity: string | undefined
  #onLeft: () => void = () => {}
  readonly #counts = { resets: 0, rejoins: 0, conflicts: 0, committed: 0 }

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
    this.#authorityCalls = new AuthorityCalls({ logger: this.#logger, timeoutMs: settings.authorityTimeoutMs })
    this.#transport = new Transport({
      node,
      logger: this.#logger,
      processName: processNameOf(settings.name),
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
    })
    this.#deaths = new Deaths({
      node,
      logger: this.#logger,
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
      authority: this.#authorityCalls,
      send: (to, message) => this.#transport.send(to, { type: 'message', message }),
      onTurn: (reports) => this.#report(reports),
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
    const { view, copy, isCutOff } = replica
    return {
      role: this.#role(),
      cutOff: isCutOff,
      view: this.#isStopped ? undefined : view,
      self: replica.self,
      waitingFor: this.#entrance.waitingFor,
      problem: this.#recordProblem ?? this.#authorityCalls.problem,
      applied: copy.applied,
      lagEntries: copy.log.lastIndex - copy.applied,
      logEntries: copy.log.length,
      logBytes: copy.log.bytes,
      callsPending: this.#calls.size,
      ...this.#counts,
      authorityUnknown: this.#authorityCalls.unknown,
      packetsDropped: this.#transport.dropped,
      packetsNotUnderstood: this.#transport.garbage,
    }
  }

  begin(): EngineTransaction {
    const call = this.#calls.next()
    return {
      attempt: ({ snapshot, reads, writes }: Attempt) =>
        this.#call(call, { type: 'transact', call, snapshot, reads, writes }),
      abandon: () => this.#driver.hand({ type: 'abandon', call }),
    }
  }

  sync(): Promise<Outcome> {
    const call = this.#calls.next()
    return this.#call(call, { type: 'sync', call })
  }

  validate({ snapshot, reads }: Omit<Attempt, 'writes'>): Promise<Outcome> {
    const call = this.#calls.next()
    return this.#call(call, { type: 'validate', call, snapshot, reads })
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
      await this.#reset(keep)
    } finally {
      this.#isResetting = false
    }
  }

  async #reset(keep: boolean): Promise<void> {
    const { replica } = this.#driver
    const known = replica.view
    // Where the members themselves are the authority, theirs ends with them.
    if (this.#kind.founder === 'lowest') await this.#startAuthorityAgain()
    const answer = await this.#authorityCalls.read()
    if (answer.type !== 'read') {
      throw new TablesError('AUTHORITY_UNKNOWN', 'The authority does not answer; nothing was reset. Try again.')
    }
    const over = answer.view
    const generation = Math.max(nextGeneration(known?.identity), nextGeneration(over?.identity))
    const identity = identityOf({ generation, atMs: Date.now(), uid: replica.self.uid })
    this.#logger.error({ before: known?.identity, now: identity, keep }, 'tables: reset by a person')
    const { copy } = replica.legacy()
    this.#keptIdentity = keep ? identity : undefined
    this.#calls.settleAll({ type: 'unknown' })
    this.#driver.replace(
      keep && copy !== undefined
        ? { copy: copy.inCluster(identity, over?.epoch ?? 0), unfinished: { orphans: [], barriers: [] } }
        : undefined,
    )
    const untilMs = performance.now() + this.#settings.authorityTimeoutMs
    while (this.#driver.replica.view?.identity !== identity) {
      if (performance.now() > untilMs) {
        throw new TablesError(
          'AUTHORITY_UNKNOWN',
          'The authority did not take the new cluster in time. Look at the status, and try again.',
        )
      }
      this.#driver.hand({ type: 'found', identity, over })
      await sleep(this.#settings.replica.tickMs)
    }
  }

  async #start(): Promise<void> {
    await this.#startAuthority()
    this.#greetings.start()
    this.#driver.start()
  }

  async #startAuthority(): Promise<void> {
    const host: AuthorityHost = {
      node: this.#node,
      name: this.#settings.name,
      self: () => this.#driver.replica.self,
      view: () => this.#knownView(),
      peers: () => this.#greetings.peers.present().map(({ member }) => member.node),
      isDead: (member) => this.#deaths.isDead(member),
    }
    this.#authority = await this.#kind.start(host)
    this.#authorityCalls.use(this.#authority)
  }

  #knownView(): View | undefined {
    if (this.#isResetting) return undefined
    return this.#driver.replica.view ?? this.#greetings.peers.newestView(this.#kind.kind)
  }

  async #call(call: number, event: Parameters<ReplicaDriver['hand']>[0]): Promise<Outcome> {
    if (this.#isStopped || this.#stopping !== undefined) return { type: 'refused', reason: 'NOT_A_MEMBER' }
    const outcome = this.#calls.wait(call)
    this.#driver.hand(event)
    return outcome
  }

  #role(): NodeEngineStatus['role'] {
    const { replica } = this.#driver
    if (this.#isStopped) return 'none'
    if (replica.isPrimary) return 'primary'
    return replica.isMember ? 'member' : 'joining'
  }

  #hello(): Hello {
    const { replica, incarnation } = this.#driver
    const { name } = this.#settings
    return {
      name,
      kind: this.#kind.kind,
      member: replica.self,
      incarnation,
      view: replica.isMember ? replica.view : undefined,
    }
  }

  #report(reports: readonly Report[]): void {
    const { replica } = this.#driver
    for (const report of reports) this.#take(report)
    this.#subscribers.settled(replica)
  }

  #take(report: Report): void {
    switch (report.type) {
      case 'settled':
        if (report.outcome.type === 'conflict') this.#counts.conflicts += 1
        if (report.outcome.type === 'committed') this.#counts.committed += 1
        this.#calls.settle(report.call, report.outcome)
        return
      case 'applied':
        this.#subscribers.applied(this.#driver.replica, report.entries)
        return
      case 'view':
        this.#viewChanged(report.view)
        return
      case 'cutOff':
      case 'reached':
        this.#logger[report.type === 'cutOff' ? 'warn' : 'info'](
          {},
          report.type === 'cutOff'
            ? 'tables: cut off: the primary is not heard, writes are refused'
            : 'tables: in touch again',
        )
        this.emit(report.type === 'cutOff' ? 'cutoff' : 'reached')
        this.#subscribers.statusChanged()
        return
      case 'excluded':
        this.#logger.warn({ epoch: report.view.epoch }, 'tables: left out of the view; joining again as a new member')
        this.#subscribers.statusChanged()
        return
      case 'unfounded':
        this.#entrance.unfounded(report.over)
        this.#look()
        return
      case 'recordWentBack':
        this.#recordWentBack(report.known, report.found)
        return
      case 'left':
        this.#onLeft()
        return
      case 'restored':
        return
    }
  }

  #viewChanged(view: View): void {
    this.#recordProblem = undefined
    const { replica } = this.#driver
    const before = this.#lastView
    this.#lastView = view
    const afterLoss = this.#entrance.viewKnown(view, replica.isMember)
    if (before !== undefined && before.members.length > 0 && view.identity !== before.identity) {
      const reason = afterLoss ? 'all members lost' : 'other cluster'
      if (view.identity !== this.#keptIdentity) this.#lostData({ reason, before: before.identity, now: view.identity })
    }
    this.#logger.info({ epoch: view.epoch, members: namesOf(view), role: this.#role() }, 'tables: a new view')
    this.emit('view', { view, role: this.#role() })
    if (replica.isMember) {
      if (this.#wasMember && this.#driver.incarnation > 1) {
        this.#counts.rejoins += 1
        this.emit('rejoined', { view })
      }
      this.#wasMember = true
    }
    this.#greetings.announce()
    this.#deaths.report()
    this.#subscribers.statusChanged()
  }

  #heard({ view }: Hello): void {
    this.#deaths.report()
    if (view !== undefined) this.#meet(view)
  }

  /** Another cluster: one of the two ends, and its members join the other. */
  #meet(theirs: View): void {
    const { replica } = this.#driver
    const own = replica.view
    if (own === undefined || own.identity === theirs.identity || !this.#yieldsTo(theirs.identity, own.identity)) return
    this.#logger.error(
      { ours: own.identity, theirs: theirs.identity },
      'tables: met another cluster of the same tables, which goes on; what was written here is given up',
    )
    void this.#restart()
  }

  /** Where the authority makes sure of one cluster, another one can only come of a reset that a person wanted or that was proven to be needed. */
  #yieldsTo(theirs: string, ours: string): boolean {
    if (this.#kind.founder === 'lowest') return compareIdentities(theirs, ours) < 0
    return (stampOf(theirs)?.generation ?? 0) > (stampOf(ours)?.generation ?? 0)
  }

  /** What a process that is in no view looks at again and again. */
  #look(): void {
    const { replica } = this.#driver
    if (this.#isStopped || this.#stopping !== undefined || replica.isMember) return
    const nowMs = performance.now()
    if (nowMs - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = nowMs
      this.#greetings.greetAll()
      void this.#deaths.askForProof(this.#authority)
    }
    this.#entrance.look(replica.view, this.#authorityCalls.problem, replica.self.uid)
  }

  #recordWentBack(known: View, found: View | undefined): void {
    const text = `the record of the authority went back: epoch ${known.epoch} was known, ${found === undefined ? 'none' : `epoch ${found.epoch}`} is found. Views do not change until a person decides`
    if (this.#recordProblem === text) return
    this.#recordProblem = text
    this.#logger.error({ known, found }, `tables: ${text}`)
    this.#subscribers.statusChanged()
  }

  #lostData(loss: DataLoss): void {
    this.#counts.resets += 1
    this.#logger.error({ ...loss }, 'tables: rows were lost')
    this.emit('dataloss', loss)
  }

  /** Gives up everything, and begins as a process that knows nothing. */
  async #restart(): Promise<void> {
    this.#calls.settleAll({ type: 'unknown' })
    this.#driver.replace(undefined)
    this.#greetings.announce()
    try {
      await this.#startAuthorityAgain()
    } catch (error) {
      this.#logger.error({ err: error }, 'tables: the authority could not be started again')
    }
  }

  async #startAuthorityAgain(): Promise<void> {
    const authority = this.#authority
    this.#authorityCalls.use(undefined)
    await authority?.stop()
    if (!this.#isStopped) await this.#startAuthority()
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
    this.#logger.error({}, 'tables: the process of the replica was ended; this node takes no part any longer')
    this.#end()
  }

  async #stop(timeoutMs: number): Promise<void> {
    if (this.#isStopped) return
    const untilMs = performance.now() + timeoutMs
    await this.#leave(untilMs)
    this.#end()
    await this.#authority?.stop()
  }

  async #leave(untilMs: number): Promise<void> {
    this.#driver.isLeaving = true
    const { replica } = this.#driver
    if (!replica.isMember && !replica.isExcluded) return
    const left = new Promise<void>((resolve) => {
      this.#onLeft = resolve
    })
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#logger.warn({}, 'tables: could not leave the view in time; the others have to find out')
        resolve()
      }, untilMs - performance.now())
    })
    this.#driver.hand({ type: 'leave' })
    await Promise.race([left, late])
    clearTimeout(timer)
  }

  #end(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#driver.stop()
    this.#greetings.stop()
    this.#transport.stop()
    this.#calls.settleAll({ type: 'unknown' })
    this.#subscribers.statusChanged()
  }
}
