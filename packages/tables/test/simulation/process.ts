import type { Member, Uid, View } from '../../src/member.ts'
import type { Call, Effect, Outcome, ReplicaEvent } from '../../src/replica/event.ts'
import type { Legacy } from '../../src/replica/legacy.ts'
import type { Message } from '../../src/replica/message.ts'
import { Replica } from '../../src/replica/replica.ts'
import type { Rules } from '../../src/replica/rules.ts'
import type { ReplicaSettings } from '../../src/replica/settings.ts'
import { Store } from '../../src/store/store.ts'
import { TABLE } from './history.ts'
import type { Simulation } from './simulation.ts'

const definitions = { [TABLE]: { ordered: true, indexes: { group: { fields: ['group'] } } } }

export interface ProcessInit {
  readonly simulation: Simulation
  readonly node: string
  readonly creation: number
  readonly rules: Rules
  readonly settings: Partial<ReplicaSettings>
}

/** One operating-system process: it runs one incarnation of a replica after the other, until it is killed. */
export class SimulatedProcess {
  readonly node: string
  readonly #init: ProcessInit
  readonly #calls = new Map<number, (outcome: Outcome) => void>()
  readonly #held: (() => void)[] = []
  replica: Replica
  isAlive = true
  isPaused = false
  isLeaving = false
  #incarnation = 0
  #flushScheduled = false
  /** It holds what an earlier incarnation had applied, and no snapshot came since. */
  #holdsPrefix = false

  constructor(init: ProcessInit) {
    this.#init = init
    this.node = init.node
    this.replica = this.#create(undefined)
    this.#tick()
  }

  get uid(): Uid {
    return this.replica.self.uid
  }

  kill(): void {
    this.isAlive = false
    this.#calls.clear()
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    for (const run of this.#held.splice(0)) run()
  }

  leave(): void {
    this.isLeaving = true
    this.hand({ type: 'leave' })
  }

  call(call: Call, settled: (outcome: Outcome) => void): void {
    this.#calls.set(call.call, settled)
    this.hand(call)
  }

  get callCount(): number {
    return this.#calls.size
  }

  deliver(message: Message): void {
    this.hand({ type: 'message', message })
  }

  /** Hands in an event, now or when the process goes on. */
  hand(event: ReplicaEvent): void {
    if (!this.isAlive) return
    if (this.isPaused) {
      this.#held.push(() => this.hand(event))
      return
    }
    const { simulation } = this.#init
    simulation.traced(this.node, event)
    this.replica.step(event, simulation.nowMs)
    simulation.checker.stepped(this)
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    // Events of one turn of the event loop are handed in together.
    simulation.queue.after(simulation.random.chance(0.3) ? 1 : 0, () => this.#flush(false))
  }

  #flush(isTurnOver: boolean): void {
    if (this.isPaused) {
      this.#held.push(() => this.#flush(isTurnOver))
      return
    }
    this.#flushScheduled = false
    if (!this.isAlive) return
    const { replica } = this
    const { checker, queue, random } = this.#init.simulation
    const effects = replica.ready(isTurnOver)
    checker.stepped(this, effects)
    if (!isTurnOver && replica.isHolding) queue.after(random.chance(0.3) ? 1 : 0, () => this.#flush(true))
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    const { simulation } = this.#init
    const { replica } = this
    switch (effect.type) {
      case 'send':
        simulation.checker.sends(this, effect.message)
        simulation.send(this.node, effect.node, effect.message)
        return
      case 'readAuthority':
        simulation.authority.read(this.node, (answer) => this.#handTo(replica, { type: 'authority', answer }))
        return
      case 'install': {
        const { next, expectedEpoch } = effect
        simulation.installing(next)
        simulation.authority.install(this.node, next, expectedEpoch, (answer) => {
          this.#handTo(replica, { type: 'authority', answer })
        })
        return
      }
      case 'settled': {
        const settled = this.#calls.get(effect.call)
        // A conflict may be followed by another attempt of the same call.
        this.#calls.delete(effect.call)
        settled?.(effect.outcome)
        return
      }
      case 'excluded':
        simulation.coverage.add('excluded')
        if (this.isLeaving) return
        simulation.queue.after(1 + simulation.random.integer(40), () => this.#succeed(replica))
        return
      case 'unfounded':
        simulation.unfounded(this, effect.over)
        return
      case 'left':
        simulation.left(this)
        return
      case 'recordWentBack':
        simulation.checker.fail('authority', `${this.uid} found that the record went back`)
        return
      case 'restored':
        simulation.coverage.add('snapshot')
        this.#holdsPrefix = false
        return
      case 'cutOff':
        simulation.coverage.add('cutOff')
        return
      case 'view':
        if (this.#holdsPrefix && isMemberOf(effect.view, this)) {
          simulation.coverage.add('rejoinFromPrefix')
          this.#holdsPrefix = false
        }
        return
      case 'reached':
      case 'applied':
      case 'indexed':
        return
    }
  }

  #handTo(replica: Replica, event: ReplicaEvent): void {
    if (this.replica === replica) this.hand(event)
  }

  #succeed(excluded: Replica): void {
    if (!this.isAlive || this.replica !== excluded) return
    if (this.isPaused) {
      this.#held.push(() => this.#succeed(excluded))
      return
    }
    const legacy = excluded.legacy()
    this.#holdsPrefix = legacy.copy !== undefined && legacy.copy.applied > 0
    this.replica = this.#create(legacy)
  }

  #create(legacy: Legacy | undefined): Replica {
    const { node, creation, settings, rules, simulation } = this.#init
    this.#incarnation += 1
    const self: Member = { node, creation, uid: `${node}/${creation}.${this.#incarnation}` }
    const replica = new Replica({
      self,
      settings,
      rules,
      createStore: () => new Store(definitions),
      ...(legacy === undefined ? {} : { legacy }),
    })
    simulation.checker.created(self.uid, this)
    return replica
  }

  #tick(): void {
    const { simulation, settings } = this.#init
    if (!this.isAlive) return
    // A stopped process has no timers; afterwards they are late.
    if (this.isPaused) {
      this.#held.push(() => this.#tick())
      return
    }
    this.hand({ type: 'tick' })
    simulation.queue.after(settings.tickMs ?? 20, () => this.#tick())
  }
}

export function isMemberOf(view: View | undefined, process: SimulatedProcess): boolean {
  return view?.members.some(({ uid }) => uid === process.uid) === true
}
