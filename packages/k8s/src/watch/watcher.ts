import type { KubernetesError, KubernetesErrorCode } from '../errors.ts'
import { failureOfStatus } from '../request/failure.ts'
import { backOff } from '../request/retry.ts'
import type { KubernetesObject, ListObject } from '../resources/object.ts'
import type { ServerEvent, StreamEnd, WatchEvent, WatcherInput, WatcherOutput, WatcherStep } from './events.ts'
import { KnownObjects } from './known-objects.ts'
import type { WatchSettings } from './settings.ts'

export interface WatcherInit<T extends KubernetesObject> {
  readonly settings: WatchSettings
  /** For errors, such as `GET /api/v1/pods`. */
  readonly request: string
  readonly transform: (object: T) => T
  /** 0 to 1. */
  readonly random: () => number
}

/** Errors of a watch that would come again from the same version. */
const mustRelist: readonly KubernetesErrorCode[] = [
  'BAD_REQUEST',
  'INVALID',
  'RESPONSE_MALFORMED',
  'RESPONSE_TOO_LARGE',
]

/** A stream that ends sooner than this after it was opened, and has told nothing, counts as a failure. */
const STREAM_MS_MIN = 1000

/**
 * Decides how to follow the objects of one kind: list them in pages, watch from there, go on after interruptions from the newest
 * version that is known, and list again when the server has forgotten that version. Knows no socket, no clock and no chance: each input
 * has one output, which says what to tell and what to do next.
 *
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export class Watcher<T extends KubernetesObject> {
  readonly #settings: WatchSettings
  readonly #request: string
  readonly #random: () => number
  readonly #known: KnownObjects<T>
  /** Version to watch from; undefined: list first. */
  #resourceVersion: string | undefined
  /** Token of the page to ask for next, within a list. */
  #continue: string | undefined
  #failures = 0
  #failing = false
  #openedAtMs = 0
  /** Whether the stream that is open has told anything. */
  #fruitful = false

  constructor(init: WatcherInit<T>) {
    this.#settings = init.settings
    this.#request = init.request
    this.#random = init.random
    this.#known = new KnownObjects(init.transform)
  }

  /** All objects as they were last told, by `namespace/name`. */
  get objects(): ReadonlyMap<string, T> {
    return this.#known.objects
  }

  handle(input: WatcherInput<T>, nowMs: number): WatcherOutput<T> {
    switch (input.type) {
      case 'started':
      case 'waited':
        return this.#go([])
      case 'page':
        return this.#page(input.page)
      case 'listFailed':
        return this.#listFailed(input.error)
      case 'opened':
        return this.#opened(nowMs)
      case 'openFailed':
        return this.#interrupted(input.error)
      case 'received':
        return this.#received(input.event)
      case 'ended':
        return this.#ended(input.end, nowMs)
    }
  }

  /** On from where we are. */
  #go(events: readonly WatchEvent<T>[]): WatcherOutput<T> {
    return { events, next: this.#nextRequest() }
  }

  #nextRequest(): WatcherStep {
    if (this.#resourceVersion === undefined) return { type: 'list', continue: this.#continue }
    const { streamSeconds } = this.#settings
    return {
      type: 'open',
      resourceVersion: this.#resourceVersion,
      timeoutSeconds: Math.floor(streamSeconds * (1 + this.#random())),
    }
  }

  #page(page: ListObject<T>): WatcherOutput<T> {
    if (this.#continue === undefined) this.#known.beginList()
    const events = page.items.flatMap((object) => this.#known.listed(object))
    const { continue: token, resourceVersion = '' } = page.metadata
    // Of the whole list, not of this page: they are all of the same version.
    this.#continue = token === '' ? undefined : token
    if (this.#continue !== undefined) return this.#go(events)
    this.#resourceVersion = resourceVersion
    return this.#go([...events, ...this.#known.endList(), { type: 'synced', resourceVersion }])
  }

  #listFailed(error: KubernetesError): WatcherOutput<T> {
    // The pages that are left are of a version that the server has forgotten. All others are still to be asked for.
    if (isVersionUnknown(error)) this.#continue = undefined
    return this.#failed(error)
  }

  #opened(nowMs: number): WatcherOutput<T> {
    this.#openedAtMs = nowMs
    this.#fruitful = false
    const events: WatchEvent<T>[] = this.#failing ? [{ type: 'recovered' }] : []
    this.#failing = false
    return { events, next: { type: 'read' } }
  }

  #received({ type, object }: ServerEvent): WatcherOutput<T> {
    if (type === 'ERROR') return this.#interrupted(failureOfStatus(this.#request, object))
    this.#fruitful = true
    this.#failures = 0
    this.#resourceVersion = object.metadata?.resourceVersion ?? this.#resourceVersion
    return { events: this.#changes(type, object as T), next: { type: 'read' } }
  }

  #changes(type: string, object: T): WatchEvent<T>[] {
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        return this.#known.changed(object)
      case 'DELETED':
        return this.#known.deleted(object)
      default:
        // A BOOKMARK has told its version. Whatever else the server may learn to send is not about our objects.
        return []
    }
  }

  #ended(end: StreamEnd, nowMs: number): WatcherOutput<T> {
    if (end.kind === 'failed') return this.#interrupted(end.error)
    const lasted = this.#fruitful || nowMs - this.#openedAtMs >= STREAM_MS_MIN
    // A server that opens streams and closes them at once would be asked without end.
    this.#failures = lasted ? 0 : this.#failures + 1
    if (!lasted) return wait(this.#backOffMs())
    // The end that was agreed on is at another time for each client. All connections may be lost at once.
    return end.kind === 'closed' ? this.#go([]) : wait(this.#settings.backOffMs * this.#random())
  }

  /** A watch was refused, or ended in an error. */
  #interrupted(error: KubernetesError): WatcherOutput<T> {
    if (!isVersionUnknown(error)) {
      if (mustRelist.includes(error.code)) this.#resourceVersion = undefined
      return this.#failed(error)
    }
    // No failure: it is how the server says that we were away for too long. But it must not become a loop either.
    this.#resourceVersion = undefined
    this.#failures += 1
    const spreadMs = this.#settings.relistSpreadMs * this.#random()
    return wait(this.#failures > 1 ? spreadMs + this.#backOffMs() : spreadMs)
  }

  #failed(error: KubernetesError): WatcherOutput<T> {
    this.#failures += 1
    this.#failing = true
    const retryMs = Math.max(error.retryAfterMs ?? 0, this.#backOffMs())
    return wait(retryMs, [{ type: 'failing', error, attempt: this.#failures, retryMs }])
  }

  #backOffMs(): number {
    const { backOffMs, backOffMsMax } = this.#settings
    return backOff(backOffMs, backOffMsMax, this.#failures, this.#random())
  }
}

function wait<T extends KubernetesObject>(waitMs: number, events: readonly WatchEvent<T>[] = []): WatcherOutput<T> {
  return { events, next: { type: 'wait', waitMs } }
}

/** The server has forgotten a version, or, put back to an older state, does not know it yet. */
function isVersionUnknown({ code, status }: KubernetesError): boolean {
  if (code === 'EXPIRED' || code === 'GONE') return true
  return status?.details?.causes?.some(({ reason }) => reason === 'ResourceVersionTooLarge') === true
}
