import type { Attempt, EngineTransaction } from '../engine.ts'
import type { Call, Outcome } from '../replica/event.ts'

/** What the application asks of the replica: transactions, fences, validations, each until its outcome. */
export class ApplicationCalls {
  readonly #hand: (call: Call) => void
  readonly #waiting = new Map<number, (outcome: Outcome) => void>()
  readonly #idle: (() => void)[] = []
  /** Numbers grow over all incarnations of this process: a successor answers the calls of its predecessor. */
  #number = 0
  #isClosed = false
  readonly counts = { committed: 0, conflicts: 0 }

  constructor(hand: (call: Call) => void) {
    this.#hand = hand
  }

  get size(): number {
    return this.#waiting.size
  }

  begin(): EngineTransaction {
    const call = this.#next()
    return {
      attempt: ({ snapshot, reads, writes }: Attempt) =>
        this.#call({ type: 'transact', call, snapshot, reads, writes }),
      abandon: () => this.#hand({ type: 'abandon', call }),
    }
  }

  sync(): Promise<Outcome> {
    return this.#call({ type: 'sync', call: this.#next() })
  }

  validate({ snapshot, reads }: Omit<Attempt, 'writes'>): Promise<Outcome> {
    return this.#call({ type: 'validate', call: this.#next(), snapshot, reads })
  }

  settle(call: number, outcome: Outcome): void {
    if (outcome.type === 'committed') this.counts.committed += 1
    if (outcome.type === 'conflict') this.counts.conflicts += 1
    const resolve = this.#waiting.get(call)
    this.#waiting.delete(call)
    resolve?.(outcome)
    if (this.#waiting.size === 0) for (const onIdle of this.#idle.splice(0)) onIdle()
  }

  settleAll(outcome: Outcome): void {
    for (const call of [...this.#waiting.keys()]) this.settle(call, outcome)
  }

  /** Refuses further calls. */
  close(): void {
    this.#isClosed = true
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #next(): number {
    this.#number += 1
    return this.#number
  }

  #call(call: Call): Promise<Outcome> {
    if (this.#isClosed) return Promise.resolve({ type: 'refused', reason: 'NOT_A_MEMBER' })
    return new Promise((resolve) => {
      this.#waiting.set(call.call, resolve)
      this.#hand(call)
    })
  }
}
