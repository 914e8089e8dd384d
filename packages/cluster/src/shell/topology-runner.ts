import { ClusterError } from '../errors.ts'
import type { ListingSink, Strategy, StrategyContext, Subscription } from '../strategy.ts'

/** Runs one strategy: asks a polled one when told to, and listens to a pushed one. */
export class TopologyRunner {
  readonly #strategy: Strategy
  readonly #context: StrategyContext
  readonly #lookupMs: number
  readonly #sink: ListingSink
  readonly #stop = new AbortController()
  #subscription: Subscription | undefined

  constructor(strategy: Strategy, context: StrategyContext, lookupMs: number, sink: ListingSink) {
    this.#strategy = strategy
    this.#context = context
    this.#lookupMs = lookupMs
    this.#sink = {
      listed: (names) => {
        if (!this.#stop.signal.aborted) sink.listed(names)
      },
      failed: (error) => {
        if (!this.#stop.signal.aborted) sink.failed(error)
      },
    }
  }

  start(): void {
    if (this.#strategy.type !== 'pushed') return
    try {
      this.#subscription = this.#strategy.watch(this.#context, this.#sink)
    } catch (error) {
      this.#sink.failed(error)
    }
  }

  lookUp(): void {
    if (this.#strategy.type === 'pushed') {
      this.#refresh()
      return
    }
    this.#list().then(
      (names) => this.#sink.listed(names),
      (error: unknown) => this.#sink.failed(error),
    )
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('The cluster stops.'))
    await this.#subscription?.stop()
  }

  #refresh(): void {
    try {
      this.#subscription?.refresh?.()
    } catch (error) {
      this.#sink.failed(error)
    }
  }

  /** Ends in time also when the strategy does not heed its signal: a look-up that hangs must not end all looking. */
  async #list(): Promise<readonly string[]> {
    const { kind } = this.#strategy
    const timeout = new AbortController()
    const signal = AbortSignal.any([timeout.signal, this.#stop.signal])
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    const timer = setTimeout(() => {
      const message = `${kind} found out nothing within ${this.#lookupMs} ms. Check that its source can be reached.`
      timeout.abort(new ClusterError('LOOKUP_TIMEOUT', message))
    }, this.#lookupMs)
    try {
      const names = await Promise.race([this.#ask(signal), aborted])
      if (!Array.isArray(names)) throw new ClusterError('LOOKUP_FAILED', `${kind} gave no list of names.`)
      return names
    } finally {
      clearTimeout(timer)
    }
  }

  async #ask(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#strategy.type === 'pushed') return []
    return await this.#strategy.list({ ...this.#context, signal })
  }
}
