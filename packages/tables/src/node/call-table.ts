import type { Outcome } from '../replica/event.ts'

/** The calls that the application waits for, by the numbers that the replica knows them under. */
export class CallTable {
  readonly #waiting = new Map<number, (outcome: Outcome) => void>()
  #number = 0

  get size(): number {
    return this.#waiting.size
  }

  /** Numbers grow over all incarnations of this process: a successor answers the calls of its predecessor. */
  next(): number {
    this.#number += 1
    return this.#number
  }

  wait(call: number): Promise<Outcome> {
    return new Promise((resolve) => this.#waiting.set(call, resolve))
  }

  settle(call: number, outcome: Outcome): void {
    const resolve = this.#waiting.get(call)
    this.#waiting.delete(call)
    resolve?.(outcome)
  }

  settleAll(outcome: Outcome): void {
    for (const call of [...this.#waiting.keys()]) this.settle(call, outcome)
  }
}
