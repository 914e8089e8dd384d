import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import { atom, type Pid, type Reference } from '@tiebeam/etf'
import type { CallServer } from './calls.ts'
import { Drain } from './drain.ts'
import { EPMD_PORT } from './epmd/codec.ts'
import { EpmdPresence } from './epmd/shell/presence.ts'
import { DistributionError } from './errors.ts'
import type { Logger } from './logger.ts'
import { isOfKind, type NodeEvents, type NodesKind } from './node-events.ts'
import { checkCookie, decoderInitOf, limitsOf, loggerOf, type NodeInit, type NodeLimits } from './node-init.ts'
import { type NodeName, parseNodeName } from './node-name.ts'
import type { ServedProcess, ServeInit } from './node-service.ts'
import { TermMeasure } from './output/term-measure.ts'
import { type Destination, Down, Exit, KILL, type MonitorTarget } from './process/notices.ts'
import type { Behaviour, DemonitorInit, ReceiveInit, SpawnInit } from './process/process.ts'
import { Connections, type ConnectOptions } from './shell/connections.ts'
import type { Link } from './shell/link.ts'
import { addressOf } from './shell/locate.ts'
import { Router } from './shell/router.ts'
import { Services } from './shell/services.ts'
import { SystemServices } from './shell/system-services.ts'
import { throwLater } from './shell/throw-later.ts'
import { within } from './shell/within.ts'
import type { NodeStats } from './stats.ts'
import { isAuthGranted, isAuthRequest } from './system/net-kernel.ts'

export interface StopOptions {
  /** For what waits to be sent. Default 5,000. */
  readonly timeoutMs?: number
}

const STOP_MS = 5_000
const PING_MS = 7_000

/**
 * A node of an Erlang cluster: it has a name, knows the cookie, is connected to other nodes, and has processes.
 * Other Tiebeam nodes see it as a visible node; BEAM nodes, as a hidden one, unless one of its services makes it visible.
 */
export class Node extends EventEmitter<NodeEvents> {
  readonly name: string
  /** Tells this life of the name from earlier and later ones. */
  readonly creation: number
  /** On whose behalf the node itself links, monitors and sends. */
  readonly pid: Pid
  /** Where the node logs, and what is built on it may log. */
  readonly logger: Logger
  /** Ends what this node does for others, before it leaves them. */
  readonly drain: Drain = new Drain()
  readonly #router: Router
  readonly #connections: Connections
  readonly #measure: TermMeasure
  /** Registered by the node itself and by its services. */
  readonly #systemNames = new Set<string>()
  readonly #exactNames = new Set<string>()
  readonly #services: Services
  readonly #since = new Date()
  #presence: EpmdPresence | undefined
  #port = 0
  #stopping: Promise<void> | undefined

  /**
   * Listens, registers with EPMD (or is EPMD), and is then ready to connect and to be connected to.
   * @throws DistributionError `NODE_NAME_INVALID`, `OPTION_INVALID`, `HOST_NOT_FOUND`, `LISTEN_FAILED`, `EPMD_NAME_TAKEN`,
   * `EPMD_UNREACHABLE`
   */
  static async start(init: NodeInit): Promise<Node> {
    const name = parseNodeName(init.name, { shortNames: init.shortNames ?? false })
    checkCookie(init.cookie)
    if (init.epmd === false && init.port === undefined) {
      throw new DistributionError(
        'OPTION_INVALID',
        'Without EPMD, give `port`: the one at which every node of the cluster listens.',
      )
    }
    const node = new Node(init, name, limitsOf(init))
    try {
      await node.#start(init, name)
    } catch (error) {
      await node.stop({ timeoutMs: 0 })
      throw error
    }
    return node
  }

  private constructor(init: NodeInit, name: NodeName, limits: NodeLimits) {
    super()
    // Whatever is built on a node listens to it, once for each scope or server: many listeners are no leak.
    this.setMaxListeners(0)
    this.name = name.name
    // Never 0, which stands for "any", and beyond what EPMD's old 2-bit creations reach.
    this.creation = Math.max(4, randomBytes(4).readUInt32BE())
    this.logger = loggerOf(init)
    this.#measure = new TermMeasure(limits.messageBytesMax)
    const epmdPort = (init.epmd === false ? undefined : init.epmd?.port) ?? EPMD_PORT
    this.#connections = new Connections({
      node: name,
      shortNames: init.shortNames ?? false,
      creation: this.creation,
      cookie: init.cookie,
      hidden: init.hidden ?? false,
      published: init.services?.some(({ visible }) => visible === true) ?? false,
      allow: init.allow ?? (() => true),
      portSource: init.epmd === false ? { fixedPort: init.port as number } : { epmdPort },
      tls: init.tls,
      limits,
      decoder: decoderInitOf(init),
      exactNames: this.#exactNames,
      pid: () => this.pid,
      logger: this.logger,
      onSignal: (peer, signal) => this.#router.receive(peer, signal),
      onUp: (link) => this.#up(link),
      onDown: (link, reason) => this.#down(link, reason),
      onUnreachable: (peer) => this.#router.disconnected(peer),
    })
    this.#router = new Router({
      node: this,
      name: this.name,
      creation: this.creation,
      outlet: this.#connections,
      logger: this.logger,
      mailboxMessagesMax: limits.mailboxMessagesMax,
      turnMessagesMax: limits.turnMessagesMax,
      spawnRequestsMax: limits.spawnRequestsMax,
      groupLeader: () => groupLeader,
    })
    this.pid = this.#router.serve({ handle: (message) => this.#receive(message) }).pid
    const groupLeader = SystemServices.start({
      node: this,
      callServer: () => this.#router.spawning.server,
      serve: (serveInit) => this.#serve(serveInit),
    })
    this.#services = new Services({
      node: this,
      logger: this.logger,
      serve: (serveInit) => this.#serve(serveInit),
      serveFunction: (served) => this.#router.spawning.functions.add(served),
    })
  }

  async #start(init: NodeInit, name: NodeName): Promise<void> {
    await this.#services.start(init.services ?? [])
    const ownAddress = await addressOf(name.host)
    const listenAddress = init.listen?.address === undefined ? ownAddress : await addressOf(init.listen.address)
    this.#port = await this.#connections.listen(listenAddress, init.listen?.port ?? init.port ?? 0)
    if (init.epmd !== false) {
      this.#presence = await EpmdPresence.start({
        name: name.base,
        nodePort: this.#port,
        address: ownAddress,
        epmdPort: init.epmd?.port ?? EPMD_PORT,
        serve: init.epmd?.serve,
        creation: this.creation,
        onEvent: (event) =>
          this.logger[event.type === 'retrying' ? 'warn' : 'debug']({ epmd: event }, `EPMD: ${event.type}`),
      })
    }
    this.logger.info({ address: listenAddress, port: this.#port }, 'node started')
  }

  /** The port at which other nodes reach this one. */
  get port(): number {
    return this.#port
  }

  /**
   * Connects to a node; resolves at once when there is a connection. Calls at the same time share one attempt.
   * @throws DistributionError that says why: `NODE_NAME_INVALID`, `HOST_NOT_FOUND`, `EPMD_NODE_UNKNOWN`, `EPMD_UNREACHABLE`,
   * `CONNECT_REFUSED`, `CONNECT_TIMEOUT`, `CONNECT_FAILED`, `TLS_FAILED`, `COOKIE_MISMATCH`, `PEER_NOT_ALLOWED`,
   * `PEER_NAME_MISMATCH`, `PEER_FLAGS_MISSING`, `HANDSHAKE_TIMEOUT`, `CONNECTION_CLOSED`, `DISCONNECTED`, `NODE_STOPPED`
   */
  connect(name: string, options?: ConnectOptions): Promise<void> {
    return this.#connections.connect(name, options)
  }

  /** Closes the connection to a node, or ends the attempt to make one. False when there was neither. */
  async disconnect(name: string): Promise<boolean> {
    return this.#connections.disconnect(name)
  }

  /**
   * The connected nodes: the visible ones (Tiebeam and published BEAM nodes), the hidden ones, all (`connected`), or those that understand
   * what only Tiebeam nodes say to each other (`tiebeam`; a node with `hidden: true` says and understands nothing of that kind).
   */
  nodes(kind: NodesKind = 'visible'): string[] {
    return [...this.#connections.links].filter((link) => isOfKind(link, kind)).map((link) => link.peer.name)
  }

  /** Whether a node is there and answers; connects to it when it is not connected. */
  async ping(name: string): Promise<'pong' | 'pang'> {
    if (name === this.name) return 'pong'
    try {
      await this.connect(name)
      const request = (alias: Reference) => isAuthRequest(this.pid, alias, this.name)
      const answer = await this.ask({ name: 'net_kernel', node: name }, request, { timeoutMs: PING_MS })
      return isAuthGranted(answer) ? 'pong' : 'pang'
    } catch {
      return 'pang'
    }
  }

  /**
   * Starts a process that runs the function. It is alive when this returns; the function runs soon after.
   * @throws DistributionError `NAME_TAKEN`, `OPTION_INVALID`, `NODE_STOPPED`
   */
  spawn(behaviour: Behaviour, init: SpawnInit = {}): Pid {
    if (this.#stopping !== undefined) throw this.#stoppedError()
    return this.#router.spawn(behaviour, init).pid
  }

  /** @throws DistributionError `NAME_TAKEN`, `PROCESS_NOT_FOUND`, `OPTION_INVALID` */
  register(name: string, pid: Pid): void {
    this.#router.register(name, pid)
  }

  /** @throws DistributionError `NAME_NOT_REGISTERED`, `OPTION_INVALID` for a name that the node itself needs */
  unregister(name: string): void {
    if (this.#systemNames.has(name)) {
      throw new DistributionError(
        'OPTION_INVALID',
        `${name} is registered by the node itself, and other nodes rely on it.`,
      )
    }
    this.#router.table.unregister(name)
  }

  whereis(name: string): Pid | undefined {
    return this.#router.table.whereis(name)?.pid
  }

  /** The names that are registered, those of the node itself (`net_kernel`, `rex`) and of its services left out. */
  registered(): string[] {
    return this.#router.table.names().filter((name) => !this.#systemNames.has(name))
  }

  isAlive(pid: Pid): boolean {
    return this.#router.table.find(pid) !== undefined
  }

  /** How many messages wait in the mailbox of a process of this node; undefined when there is none of this pid or name. */
  mailboxLength(process: Pid | string): number | undefined {
    const { table } = this.#router
    return (typeof process === 'string' ? table.whereis(process) : table.find(process))?.mailboxLength
  }

  /**
   * Sends a message on behalf of the node itself; connects to the other node first, when that must be. Like in Erlang, nothing tells whether
   * it arrives; a message to a process that is not there is dropped. The message must not be changed afterwards: within the node it is
   * handed over as it is, and a `Uint8Array` of 32 KiB or more is read only when it leaves.
   * @throws DistributionError `OUTPUT_FULL`, `MESSAGE_TOO_LARGE`, `NODE_NAME_INVALID`, `NAME_NOT_REGISTERED` (for a bare name);
   * EncodeError, with the path to what has no term
   */
  send(to: Destination, message: unknown): void {
    this.#router.send(this.pid, to, message)
  }

  /**
   * Sends a request on behalf of the node itself and waits for its answer; see {@link Process.ask}. It costs no process, however many
   * requests are under way.
   * @throws DistributionError `RECEIVE_TIMEOUT`, `NODE_STOPPED`, `OUTPUT_FULL`, `NODE_NAME_INVALID`; EncodeError
   */
  ask(target: MonitorTarget, message: (alias: Reference) => unknown, init: ReceiveInit = {}): Promise<unknown> {
    if (this.#stopping !== undefined) return Promise.reject(this.#stoppedError())
    return this.#router.ask(this.pid, target, message, init)
  }

  /**
   * The length of a value in a message, with which to find out in advance whether it can be sent.
   * @throws DistributionError `MESSAGE_TOO_LARGE`; EncodeError, with the path to what has no term
   */
  bytesOf(value: unknown): number {
    return this.#measure.bytesOf(value)
  }

  /** Resolves when the output to a node is low again, and a message that was refused would be taken; rejects when the connection ends. */
  drained(node: string): Promise<void> {
    return this.#connections.drained(node)
  }

  /** Links the node itself to a process: its end comes as event `exit`. */
  link(pid: Pid): void {
    this.#router.link(this.pid, pid)
  }

  unlink(pid: Pid): void {
    this.#router.unlink(this.pid, pid)
  }

  /** Monitors a process on behalf of the node itself: its end comes as event `down`. */
  monitor(target: MonitorTarget): Reference {
    return this.#router.monitor(this.pid, target)
  }

  /** True when the monitor was there and had not fired. Events are emitted at once, so there is nothing to flush. */
  demonitor(reference: Reference, _init?: DemonitorInit): boolean {
    return this.#router.demonitor(this.pid, reference)
  }

  /** Sends an exit signal to a process, as Erlang's `exit/2`. */
  exit(pid: Pid, reason: unknown): void {
    this.#router.exit(this.pid, pid, reason)
  }

  /**
   * From now on other nodes can have something run here, by spawn requests and by the process `rex`: whatever this server runs for them.
   * `Rpc` of `@tiebeam/kernel` is one. The function that is returned ends it.
   * @throws DistributionError `OPTION_INVALID` when there is one already
   */
  serveCalls(server: CallServer): () => void {
    return this.#router.spawning.serve(server)
  }

  stats(): NodeStats {
    const { links, monitors } = this.#router.relations.counts
    return {
      name: this.name,
      creation: this.creation,
      since: this.#since,
      links: [...this.#connections.links].map((link) => link.stats),
      connecting: this.#connections.connecting,
      unauthenticated: this.#connections.unauthenticated,
      processes: this.#router.table.size,
      mailboxMessages: this.#router.table.mailboxMessages,
      registeredNames: this.#router.table.names().length,
      processLinks: links,
      monitors,
      pendingSpawns: this.#router.spawning.pending,
      ...this.#connections.counts,
    }
  }

  /**
   * Stops the services, ends the processes (with `shutdown`; those that trap exits with `killed`), sends what waits to be sent, closes all
   * connections, and leaves EPMD. Never rejects; further calls wait for the first.
   */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.timeoutMs ?? STOP_MS)
    return this.#stopping
  }

  async #stop(timeoutMs: number): Promise<void> {
    const reason = this.#stoppedError()
    await within(timeoutMs, this.#services.stop())
    // First out of EPMD and off the port, so that nobody comes who would be turned away.
    await Promise.all([this.#presence?.stop(), this.#connections.stopListening(reason)])
    this.#router.spawning.stopServing()
    this.#router.endAll(atom('shutdown'))
    this.#router.endAll(KILL)
    this.#router.abandonQuestions(this.pid, reason)
    const flushed = Promise.allSettled([...this.#connections.links].map((link) => link.flushed()))
    await within(timeoutMs, flushed)
    this.#connections.closeLinks(reason)
    this.logger.info('node stopped')
  }

  #serve(init: ServeInit): ServedProcess {
    const served = this.#router.serve(init)
    if (init.name !== undefined) this.#systemNames.add(init.name)
    if (init.name !== undefined && init.exact === true) this.#exactNames.add(init.name)
    return served
  }

  [inspect.custom](): string {
    return `Node { name: '${this.name}', connected: ${inspect(this.nodes('connected'))} }`
  }

  #up(link: Link): void {
    const { name, creation } = link.peer
    this.logger.info({ peer: name, creation, hidden: link.hidden }, 'node up')
    this.#emitSafely('nodeup', { name, hidden: link.hidden, published: link.published })
  }

  #down(link: Link, reason: DistributionError): void {
    const { name } = link.peer
    const ours = reason.code === 'DISCONNECTED' || reason.code === 'NODE_STOPPED' || reason.code === 'CONNECTION_CLOSED'
    this.logger[ours ? 'info' : 'warn']({ peer: name, err: reason }, 'node down')
    this.#router.disconnected(name)
    this.#emitSafely('nodedown', { name, hidden: link.hidden, published: link.published, reason })
  }

  #receive(message: unknown): void {
    if (message instanceof Down) this.#emitSafely('down', message)
    else if (message instanceof Exit) this.#emitSafely('exit', message)
    else if (!this.#router.answered(this.pid, message)) this.logger.debug('a message to the node itself, dropped')
  }

  /** A listener that throws must not harm the connection that it is told about. */
  #emitSafely<Name extends keyof NodeEvents>(name: Name, event: NodeEvents[Name][0]): void {
    const emit = super.emit as (name: string, event: unknown) => boolean
    throwLater(() => emit.call(this, name, event))
  }

  #stoppedError(): DistributionError {
    return new DistributionError('NODE_STOPPED', `The node ${this.name} was stopped.`)
  }
}
