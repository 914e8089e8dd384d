import type { KubernetesError } from '../errors.ts'
import type { KubernetesObject, ListObject } from '../resources/object.ts'

/** What a watch tells. */
export type WatchEvent<T extends KubernetesObject> =
  | { readonly type: 'added'; readonly object: T }
  /** `previous` is what was told before. */
  | { readonly type: 'modified'; readonly object: T; readonly previous: T }
  /** The last state that is known. It may have been deleted, and even made again, while there was no connection. */
  | { readonly type: 'deleted'; readonly object: T }
  /** All objects that there are have been told. Comes after the first list, and after each further one. */
  | { readonly type: 'synced'; readonly resourceVersion: string }
  /** A list or a watch was refused or not reached; it is tried again after `retryMs`. What is known may be out of date. */
  | { readonly type: 'failing'; readonly error: KubernetesError; readonly attempt: number; readonly retryMs: number }
  /** The first watch that was opened after `failing`. */
  | { readonly type: 'recovered' }

/** What the server sends within a watch. */
export interface ServerEvent {
  readonly type: string
  readonly object: KubernetesObject
}

/** How the stream of a watch came to its end. */
export type StreamEnd =
  /** The server closed it, as it does after some minutes. */
  | { readonly kind: 'closed' }
  /** The connection was lost. */
  | { readonly kind: 'lost' }
  /** No byte for `silenceMs`. */
  | { readonly kind: 'silent' }
  /** It held what cannot be an event. */
  | { readonly kind: 'failed'; readonly error: KubernetesError }

export type WatcherInput<T extends KubernetesObject> =
  | { readonly type: 'started' }
  | { readonly type: 'waited' }
  | { readonly type: 'page'; readonly page: ListObject<T> }
  | { readonly type: 'listFailed'; readonly error: KubernetesError }
  | { readonly type: 'opened' }
  | { readonly type: 'openFailed'; readonly error: KubernetesError }
  | { readonly type: 'received'; readonly event: ServerEvent }
  | { readonly type: 'ended'; readonly end: StreamEnd }

/** What to do next; exactly one at a time is under way. */
export type WatcherStep =
  | { readonly type: 'list'; readonly continue: string | undefined }
  | { readonly type: 'open'; readonly resourceVersion: string; readonly timeoutSeconds: number }
  /** The next event of the stream that is open. */
  | { readonly type: 'read' }
  | { readonly type: 'wait'; readonly waitMs: number }

export interface WatcherOutput<T extends KubernetesObject> {
  readonly events: readonly WatchEvent<T>[]
  readonly next: WatcherStep
}
