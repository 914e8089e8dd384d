import { decode, encode } from '@tiebeam/etf'
import { waitFor } from '@tiebeam/testing'
import { MemoryAuthority } from '../../src/authority/register.ts'
import type { Attempt, Engine, EngineCopy, EngineListener, EngineStatus, EngineTransaction } from '../../src/engine.ts'
import type { Entry } from '../../src/replica/entry.ts'
import type { Call, Effect, Outcome, ReplicaEvent } from '../../src/replica/event.ts'
import type { Message } from '../../src/replica/message.ts'
import { Replica } from '../../src/replica/replica.ts'
import type { ReplicaSettings } from '../../src/replica/settings.ts'
import { Store } from '../../src/store/store.ts'
import type { TableDefinition } from '../../src/store/table.ts'

const TICK_MS = 20

export interface LocalMemberInit {
  readonly definitions?: Readonly<Record<string, TableDefinition>>
  readonly settings?: Partial<ReplicaSettings>
  /** Told from the first entry on. */
  readonly onApplied?: (entries: readonly Entry[]) => void
}

/** Members in one process. What they send each other is encoded and decoded, and arrives in a later turn of the event loop. */
export class LocalCluster implements AsyncDisposable {
  readonly authority = new MemoryAuthority()
  readonly members = new Map<string, LocalMember>()
  #created = 0

  /** Resolves when it is a member. */
  async start(node: string, init: LocalMemberInit = {}): Promise<LocalMember> {
    const member = new LocalMember(this, node, this.nextCreation(), init)
    this.members.set(node, member)
    await waitFor(() => member.status.role !== 'joining' && member.copy !== undefined)
    return member
  }

  nextCreation(): number {
    this.#created += 1
    return this.#created
  }

  /** Lets nobody hear of it any longer. */
  kill(node: string): void {
    this.members.get(node)?.stop()
    this.members.delete(node)
    for (const member of this.members.values()) {
      const lost = member.status.view?.members.find((other) => other.node === node)
      if (lost !== undefined) member.hand({ type: 'lost', uid: lost.uid })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members.values()) member.stop()
    this.members.clear()
  }
}

/** A replica with an event loop around it: the least that makes an engine. */
export class LocalMember implements Engine {
  readonly node: string
  /** Nothing comes in or goes out. */
  isCut = false
  readonly #cluster: LocalCluster
  readonly #init: LocalMemberInit
  readonly #listeners = new Set<EngineListener>()
  readonly #settle = new Map<number, (outcome: Outcome) => void>()
  readonly #ticking: NodeJS.Timeout
  #replica: Replica
  #calls = 0
  #isReadyDue = false
  #isStopped = false

  constructor(cluster: LocalCluster, node: string, creation: number, init: LocalMemberInit) {
    this.node = node
    this.#cluster = cluster
    this.#init = init
    this.#replica = this.#create(creation)
    this.#ticking = setInterval(() => this.hand({ type: 'tick' }), TICK_MS)
  }

  get copy(): EngineCopy | undefined {
    if (!this.#replica.isReadable) return undefined
    return this.#replica.copy as EngineCopy
  }

  get status(): EngineStatus {
    const { isPrimary, isMember, isCutOff, view } = this.#replica
    return { role: isPrimary ? 'primary' : isMember ? 'member' : 'joining', cutOff: isCutOff, view }
  }

  begin(): EngineTransaction {
    const call = this.#nextCall()
    return {
      attempt: (attempt: Attempt) => this.#call({ type: 'transact', call, ...attempt }),
      abandon: () => this.hand({ type: 'abandon', call }),
    }
  }

  sync(): Promise<Outcome> {
    return this.#call({ type: 'sync', call: this.#nextCall() })
  }

  validate(attempt: Omit<Attempt, 'writes'>): Promise<Outcome> {
    return this.#call({ type: 'validate', call: this.#nextCall(), ...attempt })
  }

  subscribe(listener: EngineListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  hand(event: ReplicaEvent): void {
    this.#replica.step(event, performance.now())
    if (this.#isReadyDue) return
    this.#isReadyDue = true
    setImmediate(() => {
      this.#isReadyDue = false
      for (const effect of this.#replica.ready()) this.#perform(effect)
    })
  }

  stop(): void {
    clearInterval(this.#ticking)
    this.#isStopped = true
    this.isCut = true
    for (const settle of this.#settle.values()) settle({ type: 'unknown' })
  }

  #create(creation: number, legacy?: ReturnType<Replica['legacy']>): Replica {
    return new Replica({
      self: { node: this.node, creation, uid: `${this.node} ${creation}` },
      createStore: () => new Store(this.#init.definitions ?? {}),
      settings: { tickMs: TICK_MS, ...this.#init.settings },
      ...(legacy === undefined ? {} : { legacy }),
    })
  }

  #nextCall(): number {
    this.#calls += 1
    return this.#calls
  }

  #call(call: Exclude<Call, { readonly type: 'abandon' }>): Promise<Outcome> {
    // After it was stopped nothing would ever answer.
    if (this.#isStopped) return Promise.resolve({ type: 'unknown' })
    return new Promise((resolve) => {
      this.#settle.set(call.call, resolve)
      this.hand(call)
    })
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#send(effect.node, effect.message)
        return
      case 'readAuthority':
        void this.#cluster.authority
          .read()
          .then((view) => this.hand({ type: 'authority', answer: { type: 'read', view } }))
        return
      case 'install':
        void this.#cluster.authority
          .install(effect.next, effect.expectedEpoch)
          .then((answer) => this.hand({ type: 'authority', answer }))
        return
      case 'settled': {
        const settle = this.#settle.get(effect.call)
        this.#settle.delete(effect.call)
        settle?.(effect.outcome)
        return
      }
      case 'applied':
        this.#init.onApplied?.(effect.entries)
        for (const listener of this.#listeners) listener.applied(effect.entries)
        return
      case 'restored':
        for (const listener of this.#listeners) listener.restored(effect.identity)
        return
      case 'unfounded':
        this.hand({ type: 'found', identity: `cluster of ${this.node}`, over: effect.over })
        return
      case 'excluded':
        this.#replica = this.#create(this.#cluster.nextCreation(), this.#replica.legacy())
        this.#statusChanged()
        return
      case 'indexed':
      case 'view':
      case 'cutOff':
      case 'reached':
        this.#statusChanged()
        return
      case 'recordWentBack':
      case 'left':
        return
    }
  }

  #statusChanged(): void {
    for (const listener of this.#listeners) listener.statusChanged()
  }

  #send(node: string, message: Message): void {
    const bytes = encode(message)
    setImmediate(() => {
      const to = this.#cluster.members.get(node)
      if (to === undefined || to.isCut || this.isCut) return
      to.hand({ type: 'message', message: decode(bytes) as Message })
    })
  }
}
