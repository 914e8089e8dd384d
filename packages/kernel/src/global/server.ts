import { inspect } from 'node:util'
import { atom, type GenClient, type Pid } from '@tiebeam/distribution'
import type { GlobalEffect, GlobalEvent } from './effects.ts'
import { KnownNodes } from './known-nodes.ts'
import { LockTable } from './lock-table.ts'
import { Monitors } from './monitors.ts'
import { NameTable } from './name-table.ts'
import { Partitions } from './partitions.ts'
import { kindOf, type Message, type Request, readMessage } from './read-messages.ts'
import { Synchroniser } from './synchroniser.ts'
import { Syncs } from './syncs.ts'
import { GLOBAL_RESOURCE, VERSION } from './vocabulary.ts'
import { externalTerm, knownTerm } from './write-messages.ts'

/** Questions that wait for the global lock to be released; beyond that the oldest is forgotten. */
const QUESTIONS_MAX = 1_000
/** Kinds of unexpected messages that are logged, once each. */
const UNEXPECTED_MAX = 100

export interface GlobalServerInit {
  /** Name of the own node. */
  readonly own: string
  /** The own locker. */
  readonly locker: Pid
  /** Tells this life of the node from others: see {@link lifeOf}. */
  readonly life: bigint
  readonly connectAll: boolean
  readonly preventOverlappingPartitions: boolean
  /** Whether a process of this node is alive. */
  readonly isAlive: (pid: Pid) => boolean
}

/** Why a connection ends: by itself; because we, or the peer, dropped it on purpose; or because everybody leaves everybody. */
type Loss = 'lost' | 'removed' | 'ignored'

/**
 * The process `global_name_server` of one node: the names, the locks, and which nodes share them. A pure state machine. It speaks version
 * 8 of the protocol, as OTP 25 to 28 do; see `global.erl` of OTP, whose comments describe the algorithms.
 */
export class GlobalServer {
  readonly #init: GlobalServerInit
  readonly names: NameTable
  readonly locks: LockTable
  readonly nodes: KnownNodes
  readonly #synchroniser: Synchroniser
  readonly #partitions: Partitions
  readonly #syncs: Syncs
  #effects: GlobalEffect[] = []
  #connectAll: boolean
  #preventOverlappingPartitions: boolean
  /** Nodes that we leave on purpose. */
  readonly #leaving = new Set<string>()
  #questions: { readonly name: unknown; readonly client: GenClient }[] = []
  readonly #unexpected = new Set<string>()

  constructor(init: GlobalServerInit) {
    this.#init = init
    const { own, locker, life } = init
    this.#connectAll = init.connectAll
    this.#preventOverlappingPartitions = init.preventOverlappingPartitions
    const emit = (effect: GlobalEffect): void => void this.#effects.push(effect)
    const monitors = new Monitors(emit)
    this.names = new NameTable(monitors)
    this.locks = new LockTable(monitors)
    this.nodes = new KnownNodes(own)
    this.#syncs = new Syncs(emit)
    const { names, locks, nodes } = this
    this.#synchroniser = new Synchroniser({ own, locker, emit, nodes, names, locks, syncs: this.#syncs })
    this.#partitions = new Partitions({ own, life, emit, nodes, remove: (node) => this.#nodeDown(node, 'removed') })
  }

  handle(event: GlobalEvent): GlobalEffect[] {
    this.#carryOut(event)
    if (this.#questions.length > 0 && !this.locks.isSet(GLOBAL_RESOURCE)) this.#answerQuestions()
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** Where the process of this name is. One of this node counts only while it is alive. */
  whereis(name: unknown): Pid | undefined {
    const pid = this.names.find(name)?.pid
    return pid === undefined || (pid.node === this.#init.own && !this.#init.isAlive(pid)) ? undefined : pid
  }

  #carryOut(event: GlobalEvent): void {
    switch (event.type) {
      case 'message': {
        const message = readMessage(event.term)
        if (message === undefined) this.#unexpectedMessage(event.term)
        else this.#receive(message)
        return
      }
      case 'nodeUp':
        this.nodes.connected.add(event.node)
        if (this.#connectAll) this.#synchroniser.nodeUp(event.node)
        return
      case 'nodeDown':
        this.#nodeDown(event.node, this.#leaving.delete(event.node) ? 'ignored' : 'lost')
        this.nodes.connected.delete(event.node)
        this.#syncs.settled(event.node)
        return
      case 'joined':
        this.#synchroniser.joined(event.node)
        return
      case 'unreachable':
        this.#syncs.settled(event.node)
        if (event.wanted === 'join') this.#nodeDown(event.node, 'lost')
        return
      case 'down':
        this.locks.down(event.monitor)
        this.names.down(event.monitor)
        return
      case 'lockIsSet':
        this.#synchroniser.lockIsSet(event.node, event.ourTag, event.lock)
        return
      case 'compared':
        this.#synchroniser.compared(event.node, event.ourTag, event.here, event.there)
        return
      case 'sync':
        this.#sync(event.nodes, event.asker)
        return
      case 'syncAbandoned':
        this.#syncs.abandon(event.asker)
        return
      case 'disconnect':
        this.#effects.push({ type: 'answer', asker: event.asker, answer: this.#disconnect() })
        return
      case 'leaving':
        this.#connectAll = false
        this.#preventOverlappingPartitions = false
        return
    }
  }

  #receive(message: Message): void {
    switch (message.type) {
      case 'call':
        this.#answerCall(message.client, message.request)
        return
      case 'initConnect':
        this.#synchroniser.initConnect(message)
        return
      case 'initConnectAck':
        this.#synchroniser.initConnectAck(message)
        return
      case 'cancelConnect':
        this.#synchroniser.cancelConnect(message)
        return
      case 'exchange':
        this.#synchroniser.exchange(message)
        return
      case 'resolved':
        this.#synchroniser.resolved(message)
        return
      case 'newNodes':
        this.#synchroniser.newNodes(message)
        return
      case 'inSync':
        this.#synchroniser.inSync(message)
        return
      case 'lockSet':
        // Passed on only when it belongs to the attempt under way: the locker must not see what is older than a node's last end.
        if (message.ourTag === undefined || this.#synchroniser.isCurrent(message.locker.node, message.ourTag)) {
          this.#effects.push({ type: 'tellLocker', message })
        }
        return
      case 'whereis':
        if (this.#questions.length >= QUESTIONS_MAX) this.#questions.shift()
        this.#questions.push(message)
        return
      case 'lostConnection':
        if (!this.#isPreventing) return
        this.#synchroniser.reportedLost(message.reporter, message.lost)
        this.#partitions.reported(message)
        return
      case 'removeConnection':
        this.#partitions.removeConnection(message.node)
        return
      case 'obsolete':
        return
    }
  }

  #answerCall(client: GenClient, request: Request): void {
    const answer = (value: unknown): void => void this.#effects.push({ type: 'answer', asker: client, answer: value })
    switch (request.type) {
      case 'register': {
        const { record, registrar } = request
        // If the registrar's node has gone, and perhaps come back, since it sent this, its lock was lost, and the change is void. (OTP then takes
        // the name from whoever had it.)
        if (this.locks.holdsGlobalLock(client.pid) ?? !this.locks.globalLockLost) this.names.insert(record, registrar)
        answer(YES)
        return
      }
      case 'unregister':
        this.names.delete(request.name)
        answer(OK)
        return
      case 'setLock':
        answer(this.locks.set(request.lock, client.pid))
        return
      case 'deleteLock':
        this.locks.delete(request.lock, client.pid)
        answer(true)
        return
      case 'sync':
        this.#sync(request.nodes, client)
        return
      case 'getKnown':
        answer(knownTerm(this.nodes.list(), 0))
        return
      case 'getSynced':
        answer([...this.nodes.synced].map((node) => atom(node)))
        return
      case 'getProtocolVersion':
        answer(VERSION)
        return
      case 'getExternalNames':
        answer(this.names.external().map(externalTerm))
        return
      case 'disconnect':
        answer(this.#disconnect().map((node) => atom(node)))
        return
    }
  }

  get #isPreventing(): boolean {
    return this.#connectAll && this.#preventOverlappingPartitions
  }

  /** Everything that is shared with the node is forgotten; its names and locks go with the monitors of their processes. */
  #nodeDown(node: string, loss: Loss): void {
    this.#synchroniser.abandon(node)
    this.#effects.push({ type: 'tellLocker', message: { type: 'forget', node } })
    if (loss === 'removed') this.nodes.startRemoving(node)
    else if (!this.nodes.finishRemoving(node) && loss === 'lost' && this.#isPreventing) this.#partitions.lost(node)
    this.nodes.forget(node)
  }

  #sync(nodes: readonly string[], asker: GenClient | number): void {
    const { connected, synced } = this.nodes
    const waiting = nodes.filter((node) => node !== this.#init.own && !synced.has(node))
    this.#syncs.add(asker, waiting)
    for (const node of waiting) if (!connected.has(node)) this.#effects.push({ type: 'connect', node })
  }

  #disconnect(): string[] {
    const nodes = [...this.nodes.connected]
    for (const node of nodes) {
      this.#leaving.add(node)
      this.#effects.push({ type: 'disconnect', node })
    }
    return nodes
  }

  #answerQuestions(): void {
    for (const { name, client } of this.#questions) {
      this.#effects.push({ type: 'answer', asker: client, answer: this.whereis(name) })
    }
    this.#questions = []
  }

  #unexpectedMessage(term: unknown): void {
    const kind = kindOf(term)
    if (this.#unexpected.has(kind) || this.#unexpected.size >= UNEXPECTED_MAX) return
    this.#unexpected.add(kind)
    const text = 'global: a message that is unknown or malformed, dropped; others of its kind are not logged'
    this.#effects.push({ type: 'log', level: 'warn', about: { kind, message: shown(term) }, text })
  }
}

const YES = atom('yes')
const OK = atom('ok')

function shown(term: unknown): string {
  return inspect(term, {
    depth: 3,
    maxArrayLength: 10,
    maxStringLength: 100,
    breakLength: Number.POSITIVE_INFINITY,
  }).slice(0, 500)
}

/**
 * The number that tells the reports of this life of a node from those of others: OTP's "extended creation", of 28 random bits, the 32 bits of
 * the creation, and an offset.
 */
export function lifeOf(creation: number, random: () => number): bigint {
  const extension = BigInt(Math.floor(random() * 2 ** 28)) << 32n
  return extension + BigInt(creation) + (1n << 59n)
}
