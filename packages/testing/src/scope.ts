/**
 * What a launcher needs of a test: a place to leave the work that must be done when it ends, whether it passed or not.
 * A `TestContext` is one; in a suite's `before` hook pass `{ after }` of `node:test`; outside of tests use `Teardown`.
 */
export interface Scope {
  after(callback: () => unknown): void
}

/** A scope for programs that are no tests (benchmarks, demos): `await teardown.run()` ends what was started in it. */
export class Teardown implements Scope {
  readonly #callbacks: Array<() => unknown> = []

  after(callback: () => unknown): void {
    this.#callbacks.push(callback)
  }

  /** Runs the callbacks, last in first out, all of them even when one throws; then throws the first error, if any. */
  async run(): Promise<void> {
    const errors: unknown[] = []
    for (const callback of this.#callbacks.splice(0).reverse()) {
      try {
        await callback()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
