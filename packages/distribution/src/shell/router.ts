import { type Pid, Reference } from '@tiebeam/etf'
import type { FunctionCall } from '../calls.ts'
import { DistributionError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Node } from '../node.ts'
import type { ServedProcess, ServeInit } from '../node-service.ts'
import { exitedError } from '../process/exited-error.ts'
import { type Destination, Down, ExitReason, type MonitorTarget, NORMAL, type RemoteName } from '../process/notices.ts'
import type { Behaviour, MonitorInit, ReceiveInit, SpawnInit, SpawnRequestInit } from '../process/process.ts'
import { ProcessTable } from '../process/process-table.ts'
import type { Recipient } from '../process/recipient.ts'
import { type RelationEffect, Relations } from '../process/relations.ts'
import { LocalProcess, type ProcessHost } from '../process/shell/local-process.ts'
import { Question } from '../process/shell/question.ts'
import { TurnBudget } from '../process/shell/turn-budget.ts'
import { SystemProcess } from '../process/system-process.ts'
import type { SendAliasSignal, SendNameSignal, SendSignal, Signal, SpawnRequestSignal } from '../signals.ts'
import { repliedReference } from '../system/gen-call.ts'
import { Spawning } from './spawning.ts'

/** What carries a value of the application, and may not be taken. */
export type RefusableSignal = SendSignal | SendNameSignal | SendAliasSignal | SpawnRequestSignal

/** The way to other nodes. Both connect to the node first when they must. */
export interface Outlet {
  /** Takes a message, or throws: `OUTPUT_FULL`, `NODE_NAME_INVALID`, EncodeError. */
  message(node: string, sender: Pid, signal: RefusableSignal): void
  /** Takes any other signal of this process; these are never refused for want of room. */
  signal(node: string, sender: Pid, signal: Signal): void
}

export interface RouterInit {
  readonly node: Node
  readonly name: string
  readonly creation: number
  readonly outlet: Outlet
  readonly logger: Logger
  readonly mailboxMessagesMax: number
  readonly turnMessagesMax: number
  readonly spawnRequestsMax: number
  /** Where processes that others start for us write to. */
  readonly groupLeader: () => Pid
}

/** Brings signals to where they belong: from processes of this node and from peers, to processes of this node and to peers. */
export class Router implements ProcessHost {
  readonly node: Node
  readonly budget: TurnBudget
  readonly table: ProcessTable
  readonly relations: Relations
  readonly spawning: Spawning
  readonly #name: string
  readonly #outlet: Outlet
  readonly #logger: Logger
  readonly #mailboxMessagesMax: number
  /** Effects that wait: one end may lead to another, in chains that are too long for recursion. */
  #effects: RelationEffect[] = []
  #carryingOut = false

  constructor(init: RouterInit) {
    this.node = init.node
    this.#name = init.name
    this.#outlet = init.outlet
    this.#logger = init.logger
    this.#mailboxMessagesMax = init.mailboxMessagesMax
    this.budget = new TurnBudget(init.turnMessagesMax)
    this.table = new ProcessTable(init.name, init.creation)
    this.relations = new Relations({
      node: init.name,
      alive: (pid) => this.table.find(pid) !== undefined,
      whereis: (name) => this.table.whereis(name)?.pid,
    })
    this.spawning = new Spawning({
      name: init.name,
      requestsMax: init.spawnRequestsMax,
      outlet: init.outlet,
      table: this.table,
      relations: this.relations,
      carryOut: (effects) => this.#carryOut(effects),
      start: (behaviour) => this.spawn(behaviour).pid,
      pid: () => this.node.pid,
      groupLeader: init.groupLeader,
    })
  }

  send(from: Pid, to: Destination, message: unknown): void {
    if (typeof to === 'string') {
      const recipient = this.table.whereis(to)
      if (recipient === undefined) {
        throw new DistributionError('NAME_NOT_REGISTERED', `No process of this node is registered as ${to}.`)
      }
      recipient.deliver(message)
    } else if (to instanceof Reference) {
      if (to.node === this.#name) this.#deliverByAlias(to, message)
      else this.#outlet.message(to.node, from, { type: 'sendAlias', from, alias: to, message })
    } else if ('name' in to) {
      if (to.node === this.#name) this.table.whereis(to.name)?.deliver(message)
      else this.#outlet.message(to.node, from, { type: 'sendName', from, name: to.name, message })
    } else if (to.node === this.#name) this.table.find(to)?.deliver(message)
    else this.#outlet.message(to.node, from, { type: 'send', from, to, message })
  }

  /** A signal from the peer of this name. @throws DistributionError `MESSAGE_MALFORMED`: the link must not go on. */
  receive(peer: string, signal: Signal): void {
    switch (signal.type) {
      case 'send':
        this.table.find(signal.to)?.deliver(signal.message)
        return
      case 'sendName':
        this.table.whereis(signal.name)?.deliver(signal.message)
        return
      case 'sendAlias':
        this.#deliverByAlias(signal.alias, signal.message)
        return
      case 'exit2':
        this.table.find(signal.to)?.exitSignal(signal.from, signal.reason, false)
        return
      case 'link':
        this.#carryOut(this.relations.linked(this.#checked(peer, signal)))
        return
      case 'unlink':
        this.#carryOut(this.relations.unlinked(this.#checked(peer, signal)))
        return
      case 'unlinkAck':
        this.relations.unlinkAcknowledged(this.#checked(peer, signal))
        return
      case 'exit':
        this.#carryOut(this.relations.linkExited(this.#checked(peer, signal)))
        return
      case 'monitor':
        this.#carryOut(this.relations.monitored(this.#checked(peer, signal)))
        return
      case 'demonitor':
        this.relations.demonitored(this.#checked(peer, signal))
        return
      case 'monitorExit':
        this.#carryOut(this.relations.monitorExited(signal))
        return
      case 'spawnRequest':
        this.spawning.requested(this.#checked(peer, signal))
        return
      case 'spawnReply':
        this.spawning.replied(peer, signal)
        return
      case 'groupLeader':
        // Processes of this node have no group leader, and the signal has no answer.
        return
      case 'unknown':
        this.#logger.warn({ peer, operation: signal.operation }, 'a control message of an unknown kind, skipped')
        return
    }
  }

  /** The connection to this node is lost, or could not be made. */
  disconnected(node: string): void {
    this.#carryOut(this.relations.disconnected(node))
    this.spawning.disconnected(node)
  }

  link(from: Pid, to: Pid): void {
    this.#carryOut(this.relations.link(from, to))
  }

  unlink(from: Pid, to: Pid): void {
    this.#carryOut(this.relations.unlink(from, to))
  }

  monitor(from: Pid, target: MonitorTarget, init: MonitorInit = {}): Reference {
    const reference = this.table.nextReference()
    const recipient = this.table.find(from)
    if (init.alias !== undefined && recipient !== undefined) this.table.addAlias(reference, recipient, init.alias)
    this.#carryOut(this.relations.monitor(from, this.#normalized(target), reference))
    return reference
  }

  demonitor(from: Pid, reference: Reference): boolean {
    if (!this.relations.isMonitoring(from, reference)) return false
    this.table.monitorEnded(reference)
    this.#carryOut(this.relations.demonitor(from, reference))
    return true
  }

  alias(from: Pid, init: { readonly reply?: boolean } = {}): Reference {
    const reference = this.table.nextReference()
    const recipient = this.table.find(from) as Recipient
    this.table.addAlias(reference, recipient, init.reply === true ? 'reply' : 'explicit')
    return reference
  }

  unalias(from: Pid, reference: Reference): boolean {
    return this.table.removeAlias(reference, this.table.find(from))
  }

  ask(from: Pid, target: MonitorTarget, message: (alias: Reference) => unknown, init: ReceiveInit): Promise<unknown> {
    const reference = this.table.nextReference()
    const question = new Question()
    const to = this.#normalized(target)
    this.table.addAlias(reference, this.table.find(from) as Recipient, 'replyDemonitor', question)
    this.#carryOut(this.relations.monitor(from, to, reference))
    // A process of this node that is not there is known at once.
    if (!question.isOpen) return question.answer
    try {
      this.send(from, to, message(reference))
    } catch (error) {
      this.demonitor(from, reference)
      return Promise.reject(error)
    }
    if (init.timeoutMs !== undefined) question.limit(init.timeoutMs, () => this.demonitor(from, reference))
    return question.answer
  }

  /** Whether the message, sent to the pid, is the answer to a request that this process made; it is taken then. */
  answered(pid: Pid, message: unknown): boolean {
    const reference = repliedReference(message)
    if (reference === undefined || !this.table.isAsking(pid, reference)) return false
    this.#deliverByAlias(reference, message)
    return true
  }

  /** Nobody waits any more for what this process of the node itself asked. */
  abandonQuestions(pid: Pid, error: Error): void {
    for (const asker of this.table.takeAskers(pid)) asker.abandon(error)
  }

  exit(from: Pid, to: Pid, reason: unknown): void {
    if (to.node !== this.#name) this.#outlet.signal(to.node, from, { type: 'exit2', from, to, reason })
    else this.table.find(to)?.exitSignal(from, reason, false)
  }

  register(name: string, pid: Pid): void {
    this.table.register(name, pid)
  }

  spawn(
    behaviour: Behaviour,
    init: SpawnInit = {},
    relation?: { readonly from: Pid; readonly type: 'link' | 'monitor' },
  ): { pid: Pid; reference: Reference | undefined } {
    if (init.name !== undefined) this.table.reserve(init.name)
    const pid = this.table.nextPid()
    const process = new LocalProcess({
      pid,
      host: this,
      trapExit: init.trapExit ?? false,
      graceful: init.graceful ?? false,
      mailboxMessagesMax: init.mailboxMessagesMax ?? this.#mailboxMessagesMax,
    })
    this.table.add(process)
    if (init.name !== undefined) this.table.register(init.name, pid)
    if (relation?.type === 'link') this.link(relation.from, pid)
    const reference = relation?.type === 'monitor' ? this.monitor(relation.from, pid) : undefined
    // Not within the call: whoever spawns sees the pid before the function runs, and what it throws never comes back here.
    queueMicrotask(() => void process.run(behaviour))
    return { pid, reference }
  }

  spawnRequest(from: Pid, node: string, call: FunctionCall, init: SpawnRequestInit): Reference {
    return this.spawning.request(from, node, call, init)
  }

  abandonSpawn(from: Pid, requestId: Reference): boolean {
    return this.spawning.abandon(from, requestId)
  }

  /** Adds a process that the node itself, or a service of it, serves. */
  serve({ name, handle }: ServeInit): ServedProcess {
    if (name !== undefined) this.table.reserve(name)
    const process = new SystemProcess(this.table.nextPid(), handle)
    const { pid } = process
    this.table.add(process)
    if (name !== undefined) this.table.register(name, pid)
    return {
      pid,
      send: (to, message) => this.send(pid, to, message),
      ask: (target, message, init = {}) => this.ask(pid, target, message, init),
      monitor: (target, init) => this.monitor(pid, target, init),
      demonitor: (reference) => this.demonitor(pid, reference),
      exit: (to, reason) => this.exit(pid, to, reason),
      end: () => {
        if (this.table.find(pid) !== process) return
        this.table.remove(process)
        this.#carryOut(this.relations.ended(pid, NORMAL))
      },
    }
  }

  ended(process: LocalProcess, reason: unknown, thrown?: { readonly error: unknown }): void {
    const askers = this.table.takeAskers(process.pid)
    this.table.remove(process)
    for (const asker of askers) asker.abandon(exitedError(reason))
    if (thrown !== undefined && !(thrown.error instanceof ExitReason)) {
      this.#logger.error({ err: thrown.error, pid: String(process.pid) }, 'a process ended with an error')
    }
    this.spawning.ended(process.pid, reason)
    this.#carryOut(this.relations.ended(process.pid, reason))
  }

  /** Ends every process that an application spawned. */
  endAll(reason: unknown): void {
    for (const recipient of [...this.table.recipients()]) {
      if (recipient instanceof LocalProcess) recipient.exitSignal(this.node.pid, reason, false)
    }
  }

  #deliverByAlias(reference: Reference, message: unknown): void {
    const alias = this.table.takeAlias(reference)
    if (alias === undefined) return
    if (alias.kind === 'replyDemonitor') this.#carryOut(this.relations.demonitor(alias.recipient.pid, reference))
    if (alias.asker === undefined) alias.recipient.deliver(message)
    else alias.asker.settle(message)
  }

  #normalized(target: MonitorTarget): Pid | RemoteName {
    return typeof target === 'string' ? { name: target, node: this.#name } : target
  }

  #carryOut(effects: RelationEffect[]): void {
    if (effects.length === 0) return
    for (const effect of effects) this.#effects.push(effect)
    if (this.#carryingOut) return
    this.#carryingOut = true
    try {
      for (let next = 0; next < this.#effects.length; next++) this.#carryOutOne(this.#effects[next] as RelationEffect)
    } finally {
      this.#effects = []
      this.#carryingOut = false
    }
  }

  #carryOutOne(effect: RelationEffect): void {
    switch (effect.type) {
      case 'signal':
        this.#outlet.signal(effect.node, effect.sender, effect.signal)
        return
      case 'linkBroken':
        this.table.find(effect.to)?.exitSignal(effect.from, effect.reason, true)
        return
      case 'down': {
        const down = new Down(effect.reference, effect.target, effect.reason)
        const asker = this.table.monitorEnded(effect.reference)
        if (asker === undefined) this.table.find(effect.to)?.deliver(down)
        else asker.settle(down)
        return
      }
    }
  }

  /** A node speaks for its own processes only. */
  #checked<S extends Signal & { readonly from: Pid | string }>(peer: string, signal: S): S {
    if (typeof signal.from === 'string' || signal.from.node === peer) return signal
    throw new DistributionError(
      'MESSAGE_MALFORMED',
      `${peer} sent a signal (${signal.type}) on behalf of a process of ${signal.from.node}.`,
    )
  }
}
