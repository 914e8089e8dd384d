import { hasCode, KubernetesError } from '../../errors.ts'
import type { KubernetesObject, ListMeta, ListObject, Status } from '../../resources/object.ts'
import type { Resource } from '../../resources/resource.ts'
import { Watch, type WatchInit } from '../../watch/shell/watch.ts'
import { type Query, resourcePath } from '../path.ts'
import type { KubernetesClient } from './client.ts'

export interface CallInit {
  /** In ms. Default: that of the client. */
  readonly timeoutMs?: number
  /** How often the request is sent in all, when it may be repeated. Default: that of the client. */
  readonly attemptsMax?: number
  readonly signal?: AbortSignal
}

export interface Selection {
  /** Such as `app=shop,tier!=test`. */
  readonly labelSelector?: string
  /** Such as `metadata.name=shop`. */
  readonly fieldSelector?: string
}

export interface ListInit extends CallInit, Selection {
  /** Objects asked for at a time. Default 500. */
  readonly limit?: number
}

export interface PageInit extends ListInit {
  /** Token of the page before. */
  readonly continue?: string
}

export interface WriteInit extends CallInit {
  /** The server does all but store the object. */
  readonly dryRun?: boolean
  /** Who writes, for `managedFields`. */
  readonly fieldManager?: string
  /** What the server does with fields that it does not know. Its default is `Warn`. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict'
  /** Such as `status`. */
  readonly subresource?: string
}

export interface ApplyInit extends WriteInit {
  readonly fieldManager: string
  /** Takes fields over that others manage; else applying them is a `CONFLICT`. */
  readonly force?: boolean
}

export interface PatchInit extends WriteInit {
  /**
   * `merge` (RFC 7386), the default: fields are set, or removed by null. `json` (RFC 6902): a list of operations. `strategic`: merges
   * lists by their keys; not for custom resources.
   */
  readonly type?: 'merge' | 'json' | 'strategic'
}

export interface DeleteInit extends CallInit {
  readonly dryRun?: boolean
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  /** The object is deleted only if it still has these: else `CONFLICT`. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

export interface ListResult<T> {
  readonly items: readonly T[]
  /** From here a watch goes on. */
  readonly resourceVersion: string
}

const LIMIT = 500
/** How often a list begins anew because the server has forgotten the state that its pages are of. */
const LIST_RESTARTS_MAX = 3

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const

/** Objects of one kind, of one namespace or all. Every method throws KubernetesError, or the reason of the signal when that aborts. */
export class ResourceClient<T extends KubernetesObject> {
  readonly resource: Resource<T>
  readonly namespace: string | undefined
  readonly #client: KubernetesClient

  constructor(client: KubernetesClient, resource: Resource<T>, namespace: string | undefined) {
    this.#client = client
    this.resource = resource
    this.namespace = resource.namespaced ? namespace : undefined
  }

  get(name: string, init: CallInit & { readonly subresource?: string } = {}): Promise<T> {
    return this.#client.request<T>({ ...callOf(init), path: this.#path(name, init.subresource) })
  }

  /** Undefined where `get` throws `NOT_FOUND`. */
  async find(name: string, init: CallInit = {}): Promise<T | undefined> {
    try {
      return await this.get(name, init)
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) return undefined
      throw error
    }
  }

  /** All objects, asked for in pages. Where the server forgets the state in between (410), the list begins anew. */
  async list(init: ListInit = {}): Promise<ListResult<T>> {
    for (let restarts = 0; ; restarts += 1) {
      try {
        return await this.#listOnce(init)
      } catch (error) {
        if (!hasCode(error, 'EXPIRED') || restarts >= LIST_RESTARTS_MAX) throw error
      }
    }
  }

  /** One page. The next has the `continue` of this one's metadata; there is none when that is empty. */
  async page(init: PageInit = {}): Promise<ListObject<T>> {
    const { labelSelector, fieldSelector, limit = LIMIT, continue: token } = init
    const query = { labelSelector, fieldSelector, limit, continue: token }
    const page = await this.#client.request<Partial<ListObject<T>> | null>({
      ...callOf(init),
      path: this.#path(),
      query,
    })
    const { metadata, items } = page ?? {}
    const listed: unknown = items ?? []
    if (!isObject(metadata) || !Array.isArray(listed) || !listed.every(isObject)) {
      throw new KubernetesError('RESPONSE_MALFORMED', `GET ${this.#path()}: the answer is no list.`)
    }
    // An empty list may come as null.
    return { ...page, metadata: metadata as ListMeta, items: listed as T[] }
  }

  /** Lists, and then tells of every change until it is ended, whatever happens to the connection. */
  watch(init: WatchInit<T> = {}): Watch<T> {
    return new Watch({ client: this.#client, source: this, path: this.#path() }, init)
  }

  /** @throws `ALREADY_EXISTS`, `INVALID` */
  create(object: T, init: Omit<WriteInit, 'subresource'> = {}): Promise<T> {
    return this.#write('POST', this.#path(), this.#complete(object), init)
  }

  /** Replaces the object as a whole. With its `resourceVersion`: only if no other wrote in between, else `CONFLICT`. */
  replace(object: T, init: WriteInit = {}): Promise<T> {
    return this.#write('PUT', this.#path(nameOf(object), init.subresource), this.#complete(object), init)
  }

  patch(name: string, patch: unknown, init: PatchInit = {}): Promise<T> {
    const contentType = patchTypes[init.type ?? 'merge']
    return this.#write('PATCH', this.#path(name, init.subresource), patch, init, contentType)
  }

  /**
   * Server-side apply: creates the object, or makes the fields that are given what is given, and removes those that this field manager
   * gave before and gives no more. https://kubernetes.io/docs/reference/using-api/server-side-apply/
   */
  apply(object: T, init: ApplyInit): Promise<T> {
    const path = this.#path(nameOf(object), init.subresource)
    // JSON is YAML.
    return this.#write('PATCH', path, this.#complete(object), init, 'application/apply-patch+yaml', {
      force: init.force,
    })
  }

  /** @returns the object when its deletion has only begun (finalizers, grace period), else a `Status` of success */
  delete(name: string, init: DeleteInit = {}): Promise<T | Status> {
    const { dryRun, gracePeriodSeconds, propagationPolicy, preconditions } = init
    return this.#client.request<T | Status>({
      ...callOf(init),
      method: 'DELETE',
      path: this.#path(name),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        gracePeriodSeconds,
        propagationPolicy,
        preconditions,
        ...(dryRun === true && { dryRun: ['All'] }),
      },
    })
  }

  async #listOnce(init: ListInit): Promise<ListResult<T>> {
    const items: T[] = []
    let page = await this.page(init)
    for (;;) {
      for (const item of page.items) items.push(item)
      const { continue: token, resourceVersion = '' } = page.metadata
      if (!token) return { items, resourceVersion }
      page = await this.page({ ...init, continue: token })
    }
  }

  #write(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    init: WriteInit,
    contentType?: string,
    more: Query = {},
  ): Promise<T> {
    const { dryRun, fieldManager, fieldValidation } = init
    const query = { ...more, dryRun: dryRun === true ? 'All' : undefined, fieldManager, fieldValidation }
    return this.#client.request<T>({
      ...callOf(init),
      method,
      path,
      query,
      body,
      ...(contentType !== undefined && { contentType }),
    })
  }

  #path(name?: string, subresource?: string): string {
    if (name !== undefined && this.resource.namespaced && this.namespace === undefined) throw this.#noNamespace()
    return resourcePath(this.resource, { namespace: this.namespace, name, subresource })
  }

  /** An object may leave out what the resource says already. */
  #complete(object: T): T {
    if (this.resource.namespaced && this.namespace === undefined) throw this.#noNamespace()
    return { apiVersion: this.resource.apiVersion, kind: this.resource.kind, ...object }
  }

  #noNamespace(): KubernetesError {
    return new KubernetesError(
      'OPTION_INVALID',
      `A ${this.resource.kind} is in a namespace, and this client is for all of them: use resource(…, namespace).`,
    )
  }
}

function callOf({ timeoutMs, attemptsMax, signal }: CallInit): CallInit {
  return {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(attemptsMax !== undefined && { attemptsMax }),
    ...(signal !== undefined && { signal }),
  }
}

function nameOf(object: KubernetesObject): string {
  const name = object.metadata?.name
  if (name === undefined) throw new KubernetesError('OPTION_INVALID', 'The object has no metadata.name.')
  return name
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
