import type { KubernetesObject } from '../resources/object.ts'
import type { WatchEvent } from './events.ts'

/** `namespace/name`, or the name alone of what is in no namespace. */
export function keyOf(object: KubernetesObject): string {
  const { namespace, name = '' } = object.metadata ?? {}
  return namespace === undefined ? name : `${namespace}/${name}`
}

/** The objects as they were last told, and what has changed when we learn of them again. */
export class KnownObjects<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>()
  readonly #transform: (object: T) => T
  /** Keys that the list under way has named. */
  #listed = new Set<string>()

  constructor(transform: (object: T) => T) {
    this.#transform = transform
  }

  get objects(): ReadonlyMap<string, T> {
    return this.#objects
  }

  beginList(): void {
    this.#listed = new Set()
  }

  /** A list names this object. */
  listed(object: T): WatchEvent<T>[] {
    this.#listed.add(keyOf(object))
    return this.changed(object)
  }

  /** The list is complete: what it did not name is gone. */
  endList(): WatchEvent<T>[] {
    const gone = [...this.#objects].filter(([key]) => !this.#listed.has(key))
    this.#listed = new Set()
    for (const [key] of gone) this.#objects.delete(key)
    return gone.map(([, object]) => ({ type: 'deleted', object }))
  }

  /** The object is there, in this state. Nothing has changed if its version is the one that we know. */
  changed(received: T): WatchEvent<T>[] {
    const key = keyOf(received)
    const previous = this.#objects.get(key)
    if (previous !== undefined && sameVersion(previous, received)) return []
    const object = this.#transform(received)
    this.#objects.set(key, object)
    if (previous === undefined) return [{ type: 'added', object }]
    if (previous.metadata?.uid !== object.metadata?.uid) {
      return [
        { type: 'deleted', object: previous },
        { type: 'added', object },
      ]
    }
    return [{ type: 'modified', object, previous }]
  }

  /** The object is gone; this is its last state. */
  deleted(received: T): WatchEvent<T>[] {
    if (!this.#objects.delete(keyOf(received))) return []
    return [{ type: 'deleted', object: this.#transform(received) }]
  }
}

function sameVersion(a: KubernetesObject, b: KubernetesObject): boolean {
  const version = a.metadata?.resourceVersion
  return version !== undefined && version === b.metadata?.resourceVersion && a.metadata?.uid === b.metadata?.uid
}
