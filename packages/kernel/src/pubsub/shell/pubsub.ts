import {
  atom,
  DistributionError,
  Down,
  type Logger,
  type Node,
  Pid,
  type Process,
  type Reference,
  silentLogger,
} from '@tiebeam/distribution'
import { Complaints } from '../../complaints.ts'
import { KernelError } from '../../errors.ts'
import { Groups } from '../../groups/shell/groups.ts'
import { KeptProcess } from '../../shell/kept-process.ts'
import { type Listener, Subscriptions } from '../subscriptions.ts'
import { adapterGroups, forwarded, moduleName, PUBSUB_SCOPE, parseForwarded } from '../topics.ts'

export interface PubSubInit {
  /** That of the Phoenix.PubSub of the Elixir nodes, such as `MyApp.PubSub`. */
  readonly name: string
  /** `pool_size` of the Elixir nodes; all nodes must have the same. Default 1, at most 1,024. */
  readonly poolSize?: number
  /** How many of the pool messages are published to, while a change of the pool's size is rolled out. Default: `poolSize`. */
  readonly broadcastPoolSize?: number
  /** Of the scope `PUBSUB_SCOPE`, to be shared by several PubSubs of one node. Default: started here, and stopped along with this PubSub. */
  readonly groups?: Groups
  readonly logger?: Logger
}

export interface BroadcastInit {
  /**
   * The Elixir module that hands the message to the subscribers on BEAM nodes. `Phoenix.Channel.Server` for what channels are to push to their
   * clients. Default `Phoenix.PubSub`, which sends the message to each subscriber.
   */
  readonly dispatcher?: string
}

const POOL_MAX = 1_024
const DISPATCHER = 'Phoenix.PubSub'

/**
 * Publishes to topics and subscribes to them, together with the Phoenix.PubSub of that name on BEAM nodes, and with the PubSub of that name on
 * Tiebeam nodes. Delivery is that of messages: what is published while a node is away never reaches it.
 */
export class PubSub {
  readonly name: string
  readonly #node: Node
  readonly #logger: Logger
  readonly #complaints: Complaints
  readonly #groups: Groups
  readonly #ownGroups: boolean
  /** Where others publish to: one group and one process for each part of the pool. */
  readonly #workers: KeptProcess[] = []
  /** Where this node publishes to. */
  readonly #broadcastGroups: readonly string[]
  readonly #subscriptions = new Subscriptions()
  /** Monitors of the subscribed processes, by key of the pid; those of the first worker. */
  readonly #references = new Map<string, Reference>()
  #stopped = false

  /** @throws KernelError `OPTION_INVALID`, `SCOPE_TAKEN`, `PUBSUB_TAKEN`, `GROUPS_STOPPED`; DistributionError `NODE_STOPPED` */
  static async start(node: Node, init: PubSubInit): Promise<PubSub> {
    checkPool(init)
    const groups = init.groups ?? (await Groups.start(node, { scope: PUBSUB_SCOPE, ...withLogger(init) }))
    const pubsub = new PubSub(node, init, groups)
    try {
      await pubsub.#startWorkers(adapterGroups(init.name, init.poolSize ?? 1))
      return pubsub
    } catch (error) {
      await pubsub.stop()
      throw error
    }
  }

  private constructor(node: Node, init: PubSubInit, groups: Groups) {
    this.name = moduleName(init.name)
    this.#node = node
    this.#logger = (init.logger ?? silentLogger).child({ node: node.name, pubsub: this.name })
    this.#complaints = new Complaints(this.#logger)
    this.#groups = groups
    this.#ownGroups = init.groups === undefined
    this.#broadcastGroups = adapterGroups(init.name, init.broadcastPoolSize ?? init.poolSize ?? 1)
  }

  /**
   * Subscribes a process of this node, or a function, to a topic. Whoever subscribes twice gets each message twice. A process that ends is
   * unsubscribed.
   * @throws KernelError `NOT_LOCAL`, `PUBSUB_STOPPED`
   */
  subscribe(topic: string, subscriber: Pid | Listener): void {
    this.#checkRunning()
    if (subscriber instanceof Pid && subscriber.node !== this.#node.name) {
      throw new KernelError(
        'NOT_LOCAL',
        `${subscriber} is no process of ${this.#node.name}. Subscribe it on its own node.`,
      )
    }
    const isFirst = this.#subscriptions.add(topic, subscriber)
    const self = this.#workers[0]?.self
    if (isFirst && subscriber instanceof Pid && self !== undefined) this.#monitor(self, subscriber)
  }

  /** Ends all subscriptions of this process, or function, to the topic. */
  unsubscribe(topic: string, subscriber: Pid | Listener): void {
    const wasLast = this.#subscriptions.remove(topic, subscriber)
    if (wasLast && subscriber instanceof Pid) this.#demonitor(subscriber)
  }

  /**
   * Publishes to all subscribers of the topic on all nodes.
   * @throws KernelError `BROADCAST_INCOMPLETE` when nodes had no room for it, after all others got it; `PUBSUB_STOPPED`; EncodeError
   */
  broadcast(topic: string, message: unknown, init: BroadcastInit = {}): void {
    this.#broadcast(undefined, topic, message, init)
  }

  /** The same, but not to this process. @throws as `broadcast` */
  broadcastFrom(from: Pid, topic: string, message: unknown, init: BroadcastInit = {}): void {
    this.#broadcast(from, topic, message, init)
  }

  /** Publishes to the subscribers on this node only. @throws KernelError `PUBSUB_STOPPED` */
  localBroadcast(topic: string, message: unknown): void {
    this.#checkRunning()
    this.#dispatch(undefined, topic, message)
  }

  /** The same, but not to this process. @throws KernelError `PUBSUB_STOPPED` */
  localBroadcastFrom(from: Pid, topic: string, message: unknown): void {
    this.#checkRunning()
    this.#dispatch(from, topic, message)
  }

  /**
   * Publishes to the subscribers on one other node only.
   * @throws KernelError `PUBSUB_STOPPED`; DistributionError `OUTPUT_FULL`, `NODE_NAME_INVALID`; EncodeError
   */
  directBroadcast(node: string, topic: string, message: unknown, init: BroadcastInit = {}): void {
    this.#checkRunning()
    const name = this.#groupFor(undefined)
    this.#node.send({ name, node }, forwarded(topic, message, init.dispatcher ?? DISPATCHER))
  }

  /** The other nodes on which this PubSub runs, as far as it is known here. */
  nodes(): string[] {
    const members = this.#groups.members(atom(this.#groupFor(undefined)))
    return members.map(({ node }) => node).filter((node) => node !== this.#node.name)
  }

  /** Ends all subscriptions. Other nodes learn of it at once. Stopping again does nothing. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    for (const worker of this.#workers) worker.stop()
    this.#subscriptions.clear()
    if (this.#ownGroups) await this.#groups.stop()
  }

  async #startWorkers(groups: readonly string[]): Promise<void> {
    await Promise.all(groups.map((group, index) => this.#startWorker(group, index === 0)))
  }

  #startWorker(group: string, isFirst: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const onStarted = (self: Process): void => {
        try {
          this.#groups.join(atom(group), self.pid)
        } catch (error) {
          reject(error)
          throw error
        }
        if (isFirst) this.#monitorAll(self)
        resolve()
      }
      const onMessage = (message: unknown): void => this.#receive(message)
      try {
        const init = { node: this.#node, name: group, logger: this.#logger, onStarted, onMessage, onLost: () => {} }
        this.#workers.push(new KeptProcess(init))
      } catch (error) {
        reject(isNameTaken(error) ? taken(this.name, group, error) : error)
      }
    })
  }

  #broadcast(from: Pid | undefined, topic: string, message: unknown, init: BroadcastInit): void {
    this.#checkRunning()
    const forward = forwarded(topic, message, init.dispatcher ?? DISPATCHER)
    const full: string[] = []
    let cause: unknown
    for (const member of this.#groups.members(atom(this.#groupFor(from)))) {
      if (member.node === this.#node.name) continue
      try {
        this.#node.send(member, forward)
      } catch (error) {
        if (!isOutputFull(error)) throw error
        full.push(member.node)
        cause = error
      }
    }
    this.#dispatch(from, topic, message)
    if (full.length === 0) return
    const text = `The output to ${full.join(', ')} is full, so these did not get what was published to ${topic}; all others did. Publish less, or await node.drained().`
    throw new KernelError('BROADCAST_INCOMPLETE', text, { cause })
  }

  /** What one process publishes takes one way, and so arrives in order. */
  #groupFor(from: Pid | undefined): string {
    const { key } = from ?? this.#node.pid
    let hash = 0
    for (let index = 0; index < key.length; index++) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0
    return this.#broadcastGroups[hash % this.#broadcastGroups.length] as string
  }

  #receive(message: unknown): void {
    if (message instanceof Down) {
      if (message.target instanceof Pid) this.#subscriberEnded(message.target)
      return
    }
    const published = parseForwarded(message)
    if (published === undefined) this.#complaints.add('a message that was not published, or malformed', { message })
    else this.#dispatch(undefined, published.topic, published.message)
  }

  #dispatch(from: Pid | undefined, topic: string, message: unknown): void {
    for (const subscriber of this.#subscriptions.of(topic)) {
      if (!(subscriber instanceof Pid)) this.#tell(subscriber, topic, message)
      else if (from === undefined || !subscriber.equals(from)) this.#node.send(subscriber, message)
    }
  }

  #tell(listener: Listener, topic: string, message: unknown): void {
    try {
      listener(message, topic)
    } catch (error) {
      this.#logger.error({ err: error, topic }, 'a subscribed function threw')
    }
  }

  #monitorAll(self: Process): void {
    this.#references.clear()
    for (const pid of this.#subscriptions.processes()) this.#monitor(self, pid)
  }

  #monitor(self: Process, pid: Pid): void {
    this.#references.set(pid.key, self.monitor(pid))
  }

  #demonitor(pid: Pid): void {
    const reference = this.#references.get(pid.key)
    this.#references.delete(pid.key)
    if (reference !== undefined) this.#workers[0]?.self?.demonitor(reference)
  }

  #subscriberEnded(pid: Pid): void {
    this.#references.delete(pid.key)
    this.#subscriptions.removeAll(pid)
  }

  #checkRunning(): void {
    if (!this.#stopped) return
    throw new KernelError('PUBSUB_STOPPED', `The PubSub ${this.name} was stopped on ${this.#node.name}.`)
  }
}

function checkPool({ poolSize = 1, broadcastPoolSize = poolSize, groups }: PubSubInit): void {
  if (!Number.isInteger(poolSize) || poolSize < 1 || poolSize > POOL_MAX) {
    throw new KernelError('OPTION_INVALID', `poolSize must be 1 to ${POOL_MAX}, not ${poolSize}.`)
  }
  if (!Number.isInteger(broadcastPoolSize) || broadcastPoolSize < 1 || broadcastPoolSize > poolSize) {
    throw new KernelError(
      'OPTION_INVALID',
      `broadcastPoolSize must be 1 to poolSize (${poolSize}), not ${broadcastPoolSize}.`,
    )
  }
  if (groups !== undefined && groups.scope !== PUBSUB_SCOPE) {
    throw new KernelError('OPTION_INVALID', `groups must be of the scope ${PUBSUB_SCOPE}, not ${groups.scope}.`)
  }
}

function withLogger({ logger }: PubSubInit): { readonly logger?: Logger } {
  return logger === undefined ? {} : { logger }
}

function isNameTaken(error: unknown): boolean {
  return error instanceof DistributionError && error.code === 'NAME_TAKEN'
}

function isOutputFull(error: unknown): boolean {
  return error instanceof DistributionError && error.code === 'OUTPUT_FULL'
}

function taken(name: string, group: string, cause: unknown): KernelError {
  const text = `A process of this node is registered as ${group}, mostly because the PubSub ${name} was started before. Share it, or stop it first.`
  return new KernelError('PUBSUB_TAKEN', text, { cause })
}
