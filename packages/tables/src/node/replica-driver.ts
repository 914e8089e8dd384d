import { randomBytes } from 'node:crypto'
import type { Logger } from '@tiebeam/distribution'
import type { Member } from '../member.ts'
import type { AuthorityAnswer, Effect, ReplicaEvent, Report } from '../replica/event.ts'
import type { Legacy } from '../replica/legacy.ts'
import type { Message } from '../replica/message.ts'
import { Replica } from '../replica/replica.ts'
import type { ReplicaSettings } from '../replica/settings.ts'
import type { Store } from '../store/store.ts'
import type { AuthorityCalls } from './authority-calls.ts'

export interface ReplicaDriverInit {
  readonly node: string
  readonly creation: number
  readonly logger: Logger
  readonly settings: ReplicaSettings
  readonly createStore: () => Store
  readonly authority: AuthorityCalls
  readonly send: (node: string, message: Message) => void
  /** All that came of one turn, once it is carried out; `isAnswered`: the authority gave a definite answer in it. */
  readonly onTurn: (reports: readonly Report[], isAnswered: boolean) => void
  readonly onTick: () => void
  /** The state machine failed: it met what it holds to be impossible. */
  readonly onFailed: (error: unknown) => void
}

/**
 * Runs one incarnation of a replica after the other. Events of one turn of the event loop are handed in together, so that their messages
 * are few and full.
 */
export class ReplicaDriver {
  readonly #init: ReplicaDriverInit
  #replica: Replica
  #incarnation = 0
  #ticking: NodeJS.Timeout | undefined
  #isFlushScheduled = false
  #isTurnEnding = false
  #isAnswered = false
  #isStopped = false
  /** Whether a member that was left out goes on as a new one. */
  isLeaving = false
  /**
   * Whether it is to begin a cluster by a person's word, and to hear of no other: it would join that, and give up the rows that it is to
   * begin with.
   */
  isFounding = false

  constructor(init: ReplicaDriverInit) {
    this.#init = init
    this.#replica = this.#create(undefined)
  }

  get replica(): Replica {
    return this.#replica
  }

  get incarnation(): number {
    return this.#incarnation
  }

  start(): void {
    // What waits in the sockets comes first: a process that was held up must not miss what it only has not read.
    this.#ticking = setInterval(() => setImmediate(() => this.#tick()), this.#init.settings.tickMs)
    this.hand({ type: 'tick' })
  }

  stop(): void {
    this.#isStopped = true
    clearInterval(this.#ticking)
  }

  hand(event: ReplicaEvent): void {
    if (this.#isStopped || (this.isFounding && !this.#replica.isMember && isOfOthers(event))) return
    try {
      this.#replica.step(event, performance.now())
    } catch (error) {
      this.#init.onFailed(error)
      return
    }
    if (this.#isFlushScheduled) return
    this.#isFlushScheduled = true
    process.nextTick(() => this.#flush(false))
  }

  /** Goes on as a new member, with what the legacy holds; without one, with nothing. */
  replace(legacy: Legacy | undefined): void {
    this.#replica = this.#create(legacy)
    this.hand({ type: 'tick' })
  }

  #tick(): void {
    if (this.#isStopped) return
    this.hand({ type: 'tick' })
    this.#init.onTick()
  }

  #create(legacy: Legacy | undefined): Replica {
    const { node, creation, settings, createStore } = this.#init
    this.#incarnation += 1
    const self: Member = { node, creation, uid: randomBytes(12).toString('base64url') }
    return new Replica({ self, settings, createStore, ...(legacy === undefined ? {} : { legacy }) })
  }

  #flush(isTurnOver: boolean): void {
    this.#isFlushScheduled = false
    if (this.#isStopped) return
    const replica = this.#replica
    let effects: Effect[]
    try {
      effects = replica.ready(isTurnOver)
    } catch (error) {
      this.#init.onFailed(error)
      return
    }
    const reports: Report[] = []
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.#init.send(effect.node, effect.message)
          break
        case 'readAuthority':
          this.#answer(replica, this.#init.authority.read())
          break
        case 'install':
          this.#answer(replica, this.#init.authority.install(effect.next, effect.expectedEpoch))
          break
        default:
          reports.push(effect)
      }
    }
    if (!isTurnOver && replica.isHolding) this.#flushWhenTurnIsOver()
    if (replica.isExcluded && !this.isLeaving && replica === this.#replica) this.replace(replica.legacy())
    const isAnswered = this.#isAnswered
    this.#isAnswered = false
    if (reports.length > 0 || isAnswered) this.#init.onTurn(reports, isAnswered)
  }

  /** Once the application, which was told what it waited for, has asked for more or has not. */
  #flushWhenTurnIsOver(): void {
    if (this.#isTurnEnding) return
    this.#isTurnEnding = true
    setImmediate(() => {
      this.#isTurnEnding = false
      this.#flush(true)
    })
  }

  #answer(replica: Replica, answer: Promise<AuthorityAnswer>): void {
    void answer.then((answered) => {
      if (replica !== this.#replica) return
      this.#isAnswered ||= answered.type !== 'unknown'
      this.hand({ type: 'authority', answer: answered })
    })
  }
}

/** What could lead a process that is in no view into the view of others. */
function isOfOthers({ type }: ReplicaEvent): boolean {
  return type === 'tick' || type === 'message'
}
