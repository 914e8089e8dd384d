import { Register } from '../../src/authority/register.ts'
import type { Effect, ReplicaEvent } from '../../src/replica/event.ts'
import type { Legacy } from '../../src/replica/legacy.ts'
import type { Message } from '../../src/replica/message.ts'
import { Replica } from '../../src/replica/replica.ts'
import type { ReplicaSettings } from '../../src/replica/settings.ts'
import { Store } from '../../src/store/store.ts'

const TICK_MS = 50

/** Some replicas in one place, where messages arrive at once unless they are held back. */
export class Members {
  readonly register = new Register()
  readonly replicas = new Map<string, Replica>()
  readonly effects: { readonly node: string; readonly effect: Effect }[] = []
  readonly sent: Message[] = []
  /** Says which messages are lost. */
  isLost: (from: string, to: string, message: Message) => boolean = () => false
  isAuthorityDown = false
  nowMs = 0
  readonly #settings: Partial<ReplicaSettings>
  #uids = 0

  constructor(settings: Partial<ReplicaSettings> = {}) {
    this.#settings = { tickMs: TICK_MS, logEntriesRetained: 10, ...settings }
  }

  start(node: string, legacy?: Legacy): Replica {
    this.#uids += 1
    const replica = new Replica({
      self: { node, creation: this.#uids, uid: `${node}.${this.#uids}` },
      createStore: () => new Store(),
      settings: this.#settings,
      ...(legacy === undefined ? {} : { legacy }),
    })
    this.replicas.set(node, replica)
    return replica
  }

  /** Starts them one after the other, until all are members. */
  form(...nodes: string[]): Replica[] {
    return nodes.map((node) => {
      const replica = this.start(node)
      this.run(10_000, () => replica.isMember && replica.isAligned)
      return replica
    })
  }

  hand(replica: Replica, event: ReplicaEvent): void {
    replica.step(event, this.nowMs)
    this.#perform(replica)
  }

  /** Lets time pass, until `isDone` or at most so long. */
  run(forMs: number, isDone: () => boolean = () => false): void {
    const endMs = this.nowMs + forMs
    while (this.nowMs < endMs && !isDone()) {
      this.nowMs += TICK_MS
      for (const replica of this.replicas.values()) this.hand(replica, { type: 'tick' })
    }
  }

  put(replica: Replica, call: number, key = call): void {
    const writes = [{ type: 'put', table: 't', key, row: { call } }] as const
    this.hand(replica, { type: 'transact', call, snapshot: 0, reads: [], writes })
  }

  /** What became of a call; undefined while it is under way. */
  outcome(call: number): string | undefined {
    for (const { effect } of this.effects) {
      if (effect.type !== 'settled' || effect.call !== call) continue
      return effect.outcome.type === 'refused' ? effect.outcome.reason : effect.outcome.type
    }
    return undefined
  }

  count(type: Effect['type']): number {
    return this.effects.filter(({ effect }) => effect.type === type).length
  }

  #perform(replica: Replica): void {
    const { node } = replica.self
    for (const effect of replica.ready()) {
      this.effects.push({ node, effect })
      switch (effect.type) {
        case 'send': {
          this.sent.push(effect.message)
          const to = this.replicas.get(effect.node)
          if (to !== undefined && !this.isLost(node, effect.node, effect.message)) {
            this.hand(to, { type: 'message', message: effect.message })
          }
          break
        }
        case 'readAuthority':
          this.#answer(replica, { type: 'read', view: this.register.view })
          break
        case 'install':
          this.#answer(
            replica,
            this.isAuthorityDown ? undefined : this.register.install(effect.next, effect.expectedEpoch),
          )
          break
        case 'unfounded':
          this.hand(replica, { type: 'found', identity: `cluster of ${node}`, over: effect.over })
          break
        default:
          break
      }
    }
  }

  #answer(replica: Replica, answer: (ReplicaEvent & { readonly type: 'authority' })['answer'] | undefined): void {
    this.hand(replica, {
      type: 'authority',
      answer: answer === undefined || this.isAuthorityDown ? { type: 'unknown' } : answer,
    })
  }
}
