import type { DistributionError } from '../errors.ts'

interface DrainWaiter {
  readonly isMet: () => boolean
  readonly resolve: () => void
  readonly reject: (error: DistributionError) => void
}

/** Whoever waits until output has left. */
export class DrainWaiters {
  #waiters: DrainWaiter[] = []

  wait(isMet: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ isMet, resolve, reject }))
  }

  /** Some output has left. `before` is called before anybody is told, and only when somebody waits. */
  left(before: () => void): void {
    if (this.#waiters.length === 0) return
    const [met, unmet] = [[], []] as [DrainWaiter[], DrainWaiter[]]
    for (const waiter of this.#waiters) (waiter.isMet() ? met : unmet).push(waiter)
    this.#waiters = unmet
    before()
    for (const { resolve } of met) resolve()
  }

  /** No more output leaves. */
  reject(reason: DistributionError): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const { reject } of waiters) reject(reason)
  }
}
