import { ClusterError } from '../errors.ts'
import type { ListingSink, Strategy, StrategyContext, Subscription } from '../strategy.ts'
import { bounded } from './bounded.ts'

/** Runs one strategy: asks a polled one when told to, and listens to a pushed one. */
export class TopologyRunner {
  readonly #strategy: Strategy
  readonly #context: StrategyContext
  readonly #lookupMs: number
  readonly #sink: ListingSink
  readonly #stop = new AbortController()
  #subscription: Subscription | undefined
  #failures = 0

  constructor(strategy: Strategy, context: StrategyContext, lookupMs: number, sink: ListingSink) {
    this.#strategy = strategy
    this.#context = context
    this.#lookupMs = lookupMs
    this.#sink = {
      listed: (names) => {
        if (!this.#stop.signal.aborted) sink.listed(names)
      },
      failed: (error) => {
        if (this.#stop.signal.aborted) return
        this.#failures += 1
        sink.failed(error)
      },
    }
  }

  /** How many look-ups have failed. */
  get failures(): number {
    return this.#failures
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

  async #list(): Promise<readonly string[]> {
    const { kind } = this.#strategy
    const message = `${kind} found out nothing within ${this.#lookupMs} ms. Check that its source can be reached.`
    const timeoutError = (): Error => new ClusterError('LOOKUP_TIMEOUT', message)
    const bound = { timeoutMs: this.#lookupMs, timeoutError, signal: this.#stop.signal }
    const names = await bounded((signal) => this.#ask(signal), bound)
    if (!Array.isArray(names)) throw new ClusterError('LOOKUP_FAILED', `${kind} gave no list of names.`)
    return names
  }

  async #ask(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#strategy.type === 'pushed') return []
    return await this.#strategy.list({ ...this.#context, signal })
  }
}
