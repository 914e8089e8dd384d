import type { Uid } from '../member.ts'
import type { Copy } from './copy.ts'
import type { Entry } from './entry.ts'
import { bytesOfWrites } from './entry-bytes.ts'
import type { Call, Outcome } from './event.ts'
import type { Proposal, Refuse } from './message.ts'
import type { Standing } from './standing.ts'

interface Pending {
  readonly call: number
  readonly sequence: number
  attempt: number
  asked: Pick<Proposal, 'snapshot' | 'reads' | 'writes'>
  bytes: number
  /** The epoch in which it was sent last; undefined between two attempts. */
  epoch: number | undefined
  sentMs: number
  /** Refused in that epoch, because of this entry. */
  cause: number | undefined
  /** And there will be no other attempt. */
  isFull: boolean
}

/** A transaction of an earlier incarnation of this process, whose outcome is to be looked up. */
export interface Orphan {
  readonly call: number
  readonly uid: Uid
  readonly sequence: number
}

export interface WriterInit {
  readonly standing: Standing
  /** To the primary, which may be this process. `bytes`: of what it writes. */
  readonly send: (proposal: Proposal, bytes: number) => void
  readonly orphans: readonly Orphan[]
}

/**
 * The transactions of this process: numbered, sent again until they are settled, settled as soon as their entry is applied here.
 * Rule 9, once: all attempts carry the same pair of uid and sequence.
 */
export class Writer {
  readonly #init: WriterInit
  readonly #pending = new Map<number, Pending>()
  readonly #bySequence = new Map<number, Pending>()
  /** Those whose cause is not known to be committed yet. */
  readonly #refused = new Set<Pending>()
  #orphans: readonly Orphan[]
  #sequence = 0
  #pendingBytes = 0
  #lookedEpoch = 0
  #lookMs = 0
  /** When one of them was last settled or refused, and the latest that such a one was sent. */
  #progressMs = Number.NEGATIVE_INFINITY
  #reachedMs = Number.NEGATIVE_INFINITY

  constructor(init: WriterInit) {
    this.#init = init
    this.#orphans = init.orphans
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** About the memory of what is asked for and not settled. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  isPending(call: number): boolean {
    return this.#pending.has(call)
  }

  transact(asked: Call & { readonly type: 'transact' }): void {
    const pending = this.#pending.get(asked.call) ?? this.#create(asked)
    pending.attempt += 1
    pending.asked = asked
    this.#pendingBytes -= pending.bytes
    pending.bytes = bytesOfWrites(asked.writes)
    this.#pendingBytes += pending.bytes
    this.#send(pending)
  }

  /** No further attempt after a refusal. */
  abandon(call: number): void {
    const pending = this.#pending.get(call)
    if (pending !== undefined && pending.epoch === undefined) this.#remove(pending)
  }

  refused({ sequence, attempt, cause, isFull = false }: Refuse, epoch: number): void {
    const pending = this.#bySequence.get(sequence)
    if (pending === undefined || pending.attempt !== attempt || pending.epoch !== epoch) return
    pending.cause = cause
    pending.isFull = isFull
    this.#refused.add(pending)
    this.#reached(pending)
  }

  applied(entries: readonly Entry[]): void {
    for (const { body, index } of entries) {
      if (body.type !== 'transaction' || body.origin.uid !== this.#init.standing.self.uid) continue
      const pending = this.#bySequence.get(body.origin.sequence)
      if (pending === undefined) continue
      this.#remove(pending)
      this.#reached(pending)
      this.#settle(pending.call, { type: 'committed', index })
    }
  }

  /** Tells of refusals whose cause is applied, and sends again what may have been lost. */
  tick(copy: Copy): void {
    const { standing } = this.#init
    for (const pending of this.#refused) {
      const { epoch, cause } = pending
      if (epoch !== standing.epoch || cause === undefined) continue
      if (!standing.rules.mayTellRefusal(copy.applied, cause)) continue
      this.#refused.delete(pending)
      this.#tellRefusal(pending)
    }
    // Thousands may be under way: they are looked through now and then, and whenever the primary may be another.
    const isNewEpoch = standing.epoch !== this.#lookedEpoch
    if (!standing.isMember || (!isNewEpoch && standing.nowMs < this.#lookMs)) return
    this.#lookedEpoch = standing.epoch
    this.#lookMs = standing.nowMs + standing.settings.tickMs
    for (const pending of this.#pending.values()) if (this.#mustSendAgain(pending)) this.#send(pending)
  }

  /**
   * Rule 9: what an earlier incarnation asked for is looked up, never asked again. Its view's first entry, applied here, was appended
   * when that writer was out of the view for good; so nothing of it can be committed after.
   */
  lookUp(entries: readonly Entry[], copy: Copy): void {
    const { uid } = this.#init.standing.self
    if (this.#orphans.length === 0 || !entries.some(({ body }) => body.type === 'view' && body.uids.includes(uid)))
      return
    for (const { call, uid, sequence } of this.#orphans) {
      if (copy.outcomes.has(uid, sequence)) this.#settle(call, { type: 'committed', index: copy.applied })
      else this.#settle(call, { type: copy.outcomes.knows(uid) ? 'lost' : 'unknown' })
    }
    this.#orphans = []
  }

  /** What a successor has to look up. */
  orphans(): Orphan[] {
    const { uid } = this.#init.standing.self
    const own = [...this.#pending.values()].filter(({ epoch }) => epoch !== undefined)
    return [...this.#orphans, ...own.map(({ call, sequence }) => ({ call, uid, sequence }))]
  }

  #create(asked: Call & { readonly type: 'transact' }): Pending {
    this.#sequence += 1
    const { call } = asked
    const sequence = this.#sequence
    const pending = {
      call,
      sequence,
      attempt: 0,
      asked,
      bytes: 0,
      epoch: undefined,
      sentMs: 0,
      cause: undefined,
      isFull: false,
    }
    this.#pending.set(call, pending)
    this.#bySequence.set(sequence, pending)
    return pending
  }

  #send(pending: Pending): void {
    const { standing, send } = this.#init
    pending.epoch = standing.epoch
    pending.cause = undefined
    this.#refused.delete(pending)
    pending.sentMs = standing.nowMs
    const { sequence, attempt, bytes } = pending
    const { snapshot, reads, writes } = pending.asked
    send({ sequence, attempt, settled: this.#settledUpTo(), snapshot, reads, writes }, bytes)
  }

  #mustSendAgain({ epoch, cause, sentMs }: Pending): boolean {
    const { standing } = this.#init
    if (epoch === undefined) return false
    // What refused it in an older epoch may have been undone.
    if (epoch !== standing.epoch) return true
    // What only waits behind others, on a link that is slow, is not lost: copies of it would wait there as well.
    const sinceMs = sentMs < this.#reachedMs ? sentMs : Math.max(sentMs, this.#progressMs)
    return cause === undefined && standing.nowMs - sinceMs >= standing.settings.resendMs
  }

  #reached({ sentMs }: Pending): void {
    this.#progressMs = this.#init.standing.nowMs
    this.#reachedMs = Math.max(this.#reachedMs, sentMs)
  }

  #tellRefusal(pending: Pending): void {
    pending.epoch = undefined
    pending.cause = undefined
    if (pending.isFull) this.#remove(pending)
    this.#settle(pending.call, pending.isFull ? { type: 'refused', reason: 'MEMORY_FULL' } : { type: 'conflict' })
  }

  #settledUpTo(): number {
    // Sequences are added in order, so the first that is pending is the lowest.
    const [lowest] = this.#bySequence.keys()
    return (lowest ?? this.#sequence + 1) - 1
  }

  #remove(pending: Pending): void {
    if (this.#pending.delete(pending.call)) this.#pendingBytes -= pending.bytes
    this.#bySequence.delete(pending.sequence)
    this.#refused.delete(pending)
  }

  #settle(call: number, outcome: Outcome): void {
    this.#init.standing.emit({ type: 'settled', call, outcome })
  }
}
