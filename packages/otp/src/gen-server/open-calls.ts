import type { From } from './handlers.ts'

/** The calls that a server replies to later. It is drained when there is none of them. */
export class OpenCalls {
  // Weak, because a server may drop a call for good: its caller has given up.
  readonly #clients = new WeakSet<From>()
  #count = 0
  #waiting: (() => void)[] = []

  add(client: From): void {
    this.#clients.add(client)
    this.#count += 1
  }

  /** It was replied to. */
  delete(client: From): void {
    if (this.#count === 0 || !this.#clients.delete(client)) return
    this.#count -= 1
    if (this.#count === 0) this.#tell()
  }

  /** Calls back when none is open; at once, if none is. */
  whenNone(then: () => void): void {
    this.#waiting.push(then)
    if (this.#count === 0) this.#tell()
  }

  #tell(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const then of waiting) then()
  }
}
