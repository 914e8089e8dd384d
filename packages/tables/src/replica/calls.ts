import { Barriers } from './barriers.ts'
import type { Copy } from './copy.ts'
import type { Entry } from './entry.ts'
import { bytesOfWrites } from './entry-bytes.ts'
import type { Call, Refusal } from './event.ts'
import type { MessageBody, Proposal } from './message.ts'
import { Outbox } from './outbox.ts'
import type { Leadership } from './primary/leadership.ts'
import type { Standing } from './standing.ts'
import { type Orphan, Writer } from './writer.ts'

/** Calls of an earlier incarnation that its successor sees to. */
export interface UnfinishedCalls {
  readonly orphans: readonly Orphan[]
  readonly barriers: ReturnType<Barriers['takePending']>
}

export interface CallsInit {
  readonly standing: Standing
  readonly unfinished: UnfinishedCalls | undefined
  /** Of this process, when it is the primary itself. */
  readonly leadership: () => Leadership | undefined
}

/** What the application asks of this process, on its way to the primary and back. */
export class Calls {
  readonly #init: CallsInit
  readonly #writer: Writer
  readonly #barriers: Barriers
  readonly #outbox: Outbox

  constructor(init: CallsInit) {
    this.#init = init
    const { standing, unfinished } = init
    this.#outbox = new Outbox(standing)
    this.#writer = new Writer({
      standing,
      send: (proposal, bytes) => this.#propose(proposal, bytes),
      orphans: unfinished?.orphans ?? [],
    })
    this.#barriers = new Barriers(standing, (call) => this.#fence(call))
    for (const { call, validates } of unfinished?.barriers ?? []) this.#barriers.call(call, validates)
  }

  handle(event: Call, isCutOff: boolean): void {
    if (event.type === 'abandon') {
      this.#writer.abandon(event.call)
      return
    }
    const refusal = this.#refusal(event, isCutOff)
    if (refusal !== undefined) {
      // Earlier attempts of it were refused too, or it would still be under way.
      this.#writer.abandon(event.call)
      this.#init.standing.emit({ type: 'settled', call: event.call, outcome: { type: 'refused', reason: refusal } })
    } else if (event.type === 'transact') {
      this.#writer.transact(event)
    } else {
      this.#barriers.call(event.call, event.type === 'validate' ? event : undefined)
    }
  }

  /** From the primary, in that epoch. */
  answered(answer: MessageBody, epoch: number): void {
    if (answer.type === 'refuse') this.#writer.refused(answer, epoch)
    if (answer.type === 'fenced') this.#barriers.fenced(answer.call, answer.index, epoch)
  }

  applied(entries: readonly Entry[], copy: Copy): void {
    this.#writer.applied(entries)
    this.#writer.lookUp(entries, copy)
  }

  /** Sends again what may be lost, and settles what can be. */
  tick(copy: Copy): void {
    this.#writer.tick(copy)
    this.#outbox.flush()
    this.#barriers.tick(copy)
  }

  takeUnfinished(): UnfinishedCalls {
    return { orphans: this.#writer.orphans(), barriers: this.#barriers.takePending() }
  }

  #refusal(event: Exclude<Call, { readonly type: 'abandon' }>, isCutOff: boolean): Refusal | undefined {
    const { isMember, settings } = this.#init.standing
    if (!isMember) return 'NOT_A_MEMBER'
    if (isCutOff) return 'CUT_OFF'
    const bytes = event.type === 'transact' ? bytesOfWrites(event.writes) : 0
    if (bytes > settings.transactionBytesMax) return 'TRANSACTION_TOO_LARGE'
    if (this.#writer.isPending(event.call)) return undefined
    const isFull = this.#writer.pendingCount + this.#barriers.pendingCount >= settings.pendingMax
    return isFull || this.#writer.pendingBytes + bytes > settings.pendingBytesMax ? 'TOO_MANY_PENDING' : undefined
  }

  #propose(proposal: Proposal, bytes: number): void {
    const { standing, leadership } = this.#init
    const own = leadership()
    if (own !== undefined) own.propose(standing.self, [proposal])
    else this.#outbox.add(proposal, bytes)
  }

  #fence(call: number): void {
    const { standing, leadership } = this.#init
    const own = leadership()
    if (own !== undefined) own.fence(standing.self, call)
    else if (standing.primary !== undefined) standing.send(standing.primary, { type: 'fence', call })
  }
}
