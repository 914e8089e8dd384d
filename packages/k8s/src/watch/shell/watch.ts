import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { KubernetesError } from '../../errors.ts'
import type { KubernetesClient } from '../../request/shell/client.ts'
import type { ResourceClient, Selection } from '../../request/shell/resource-client.ts'
import type { KubernetesObject } from '../../resources/object.ts'
import type { WatchEvent, WatcherInput, WatcherStep } from '../events.ts'
import { type WatchSettings, watchSettings } from '../settings.ts'
import { Watcher } from '../watcher.ts'
import { EventStream } from './event-stream.ts'

export interface WatchInit<T extends KubernetesObject> extends Selection, Partial<WatchSettings> {
  /** Ends the watch. */
  readonly signal?: AbortSignal
  /**
   * Makes what is kept and told out of what was received: to drop what is of no use, and save memory. `metadata` must keep its `name`,
   * `namespace`, `uid` and `resourceVersion`.
   */
  readonly transform?: (object: T) => T
}

export interface WatchTarget<T extends KubernetesObject> {
  readonly client: KubernetesClient
  readonly source: ResourceClient<T>
  readonly path: string
}

/** Longest time, in ms, that events are told without letting other work of this process run in between. */
const SLICE_MS = 10
/** Time for the server to begin its answer, in ms. */
const OPEN_MS = 10_000

/**
 * The objects of one kind, followed for as long as they are asked for: `for await (const event of watch)`. Nothing is read faster than
 * the loop takes it. The iteration ends when the loop is left, the signal aborts or the client is closed, and by nothing else: refusals and
 * losses are told as `failing`, and tried again.
 */
export class Watch<T extends KubernetesObject> implements AsyncIterable<WatchEvent<T>> {
  readonly #target: WatchTarget<T>
  readonly #init: WatchInit<T>
  readonly #settings: WatchSettings
  readonly #watcher: Watcher<T>
  readonly #ending = new AbortController()
  readonly #events: AsyncGenerator<WatchEvent<T>, void, undefined>
  #stream: EventStream | undefined

  /** @throws KubernetesError `OPTION_INVALID` */
  constructor(target: WatchTarget<T>, init: WatchInit<T>) {
    this.#target = target
    this.#init = init
    this.#settings = watchSettings(init)
    this.#watcher = new Watcher({
      settings: this.#settings,
      request: `GET ${target.path}`,
      transform: init.transform ?? ((object) => object),
      random: Math.random,
    })
    this.#events = this.#run()
  }

  /** All objects as they were last told, by `namespace/name`. Complete once `synced` was told. */
  get objects(): ReadonlyMap<string, T> {
    return this.#watcher.objects
  }

  /** The one iteration that there is. */
  [Symbol.asyncIterator](): AsyncGenerator<WatchEvent<T>, void, undefined> {
    return this.#events
  }

  async *#run(): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const signals = [this.#init.signal, this.#target.client.closed].filter((signal) => signal !== undefined)
    const end = (): void => this.#ending.abort()
    for (const signal of signals) signal.addEventListener('abort', end, { once: true })
    try {
      if (signals.some((signal) => signal.aborted)) return
      let input: WatcherInput<T> | undefined = { type: 'started' }
      let sliceEndsAtMs = performance.now() + SLICE_MS
      while (input !== undefined) {
        const output = this.#watcher.handle(input, performance.now())
        for (const event of output.events) {
          if (performance.now() > sliceEndsAtMs) {
            await nextTurn()
            sliceEndsAtMs = performance.now() + SLICE_MS
          }
          if (this.#ending.signal.aborted) return
          yield event
        }
        input = await this.#perform(output.next)
      }
    } finally {
      for (const signal of signals) signal.removeEventListener('abort', end)
      this.#ending.abort()
      this.#stream?.close()
    }
  }

  /** Undefined when the watch has been ended. */
  async #perform(step: WatcherStep): Promise<WatcherInput<T> | undefined> {
    try {
      const input = await this.#input(step)
      return this.#ending.signal.aborted ? undefined : input
    } catch (error) {
      if (this.#ending.signal.aborted) return undefined
      if (!(error instanceof KubernetesError)) throw error
      return step.type === 'list' ? { type: 'listFailed', error } : { type: 'openFailed', error }
    }
  }

  async #input(step: WatcherStep): Promise<WatcherInput<T>> {
    const { labelSelector, fieldSelector } = this.#init
    const selection = { ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) }
    const { signal } = this.#ending
    switch (step.type) {
      case 'wait':
        await sleep(step.waitMs, undefined, { signal })
        return { type: 'waited' }
      case 'list': {
        const token = step.continue === undefined ? {} : { continue: step.continue }
        const { limit } = this.#settings
        const page = await this.#target.source.page({ ...selection, ...token, limit, attemptsMax: 1, signal })
        return { type: 'page', page }
      }
      case 'open': {
        const { resourceVersion, timeoutSeconds } = step
        const query = { ...selection, watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds }
        const response = await this.#target.client.open({ path: this.#target.path, query, timeoutMs: OPEN_MS, signal })
        this.#stream = new EventStream(response, this.#settings)
        return { type: 'opened' }
      }
      case 'read': {
        const reading = await this.#stream!.next()
        if (reading.type === 'ended') this.#closeStream()
        return reading
      }
    }
  }

  #closeStream(): void {
    this.#stream?.close()
    this.#stream = undefined
  }
}
