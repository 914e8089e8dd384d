import type { Read } from '../store/read.ts'
import type { Copy } from './copy.ts'
import type { Standing } from './standing.ts'

interface Barrier {
  readonly call: number
  /** A transaction that writes nothing: what it read, and when. */
  readonly validates: { readonly snapshot: number; readonly reads: readonly Read[] } | undefined
  epoch: number | undefined
  sentMs: number
  /** The primary's answer. */
  index: number | undefined
}

/** The calls of `sync()` and `validate` of this process: from the question to the primary until its answer is applied here. */
export class Barriers {
  readonly #standing: Standing
  readonly #send: (call: number) => void
  readonly #pending = new Map<number, Barrier>()

  constructor(standing: Standing, send: (call: number) => void) {
    this.#standing = standing
    this.#send = send
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  call(call: number, validates: Barrier['validates'] = undefined): void {
    const barrier = { call, validates, epoch: undefined, sentMs: 0, index: undefined }
    this.#pending.set(call, barrier)
    this.#ask(barrier)
  }

  fenced(call: number, index: number, epoch: number): void {
    const barrier = this.#pending.get(call)
    if (barrier !== undefined && barrier.epoch === epoch) barrier.index ??= index
  }

  tick(copy: Copy): void {
    const { nowMs, settings, epoch, isMember } = this.#standing
    for (const barrier of this.#pending.values()) {
      if (barrier.index !== undefined) {
        if (copy.applied >= barrier.index && copy.isWhole) this.#settle(barrier, copy)
      } else if (isMember && (barrier.epoch !== epoch || nowMs - barrier.sentMs >= settings.resendMs)) {
        this.#ask(barrier)
      }
    }
  }

  /** Calls that a successor asks again. */
  takePending(): Pick<Barrier, 'call' | 'validates'>[] {
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    return pending
  }

  #settle({ call, validates }: Barrier, copy: Copy): void {
    this.#pending.delete(call)
    const changed = validates && copy.conflict(validates.reads, validates.snapshot, copy.applied) !== undefined
    this.#standing.emit({
      type: 'settled',
      call,
      outcome: changed ? { type: 'conflict' } : { type: 'synced', index: copy.applied },
    })
  }

  #ask(barrier: Barrier): void {
    barrier.epoch = this.#standing.epoch
    barrier.sentMs = this.#standing.nowMs
    this.#send(barrier.call)
  }
}
