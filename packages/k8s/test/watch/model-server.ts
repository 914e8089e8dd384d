import type { Random } from '@tiebeam/testing'
import { KubernetesError } from '../../src/errors.ts'
import type { KubernetesObject, ListObject } from '../../src/index.ts'
import type { ServerEvent } from '../../src/watch/events.ts'

export type State = ReadonlyMap<string, KubernetesObject>

interface Change {
  readonly version: number
  readonly event: ServerEvent
}

/** What an API server and its etcd promise: states by version, pages of one state, changes in order, and forgetting. */
export class ModelServer {
  readonly #random: Random
  readonly #states: State[] = [new Map()]
  readonly #changes: Change[] = []
  #forgottenBefore = 0
  #uid = 0

  constructor(random: Random) {
    this.#random = random
  }

  get version(): number {
    return this.#states.length - 1
  }

  /** The objects as they were at a version. */
  state(version: number): State {
    return this.#states[version]!
  }

  /** Makes, changes or deletes one object. */
  change(): void {
    const name = `object-${this.#random.integer(12)}`
    const next = new Map(this.state(this.version))
    const before = next.get(name)
    const resourceVersion = String(this.version + 1)
    if (before !== undefined && this.#random.chance(0.4)) {
      next.delete(name)
      const object = { metadata: { ...before.metadata, resourceVersion } }
      this.#changes.push({ version: this.version + 1, event: { type: 'DELETED', object } })
    } else {
      if (before === undefined) this.#uid += 1
      const uid = before?.metadata?.uid ?? `uid-${this.#uid}`
      const object = { metadata: { name, uid, resourceVersion } }
      next.set(name, object)
      const type = before === undefined ? 'ADDED' : 'MODIFIED'
      this.#changes.push({ version: this.version + 1, event: { type, object } })
    }
    this.#states.push(next)
  }

  /** Forgets all versions before the newest. */
  forget(): void {
    this.#forgottenBefore = this.version
  }

  page(token: string | undefined, limit: number): ListObject<KubernetesObject> {
    const [version, offset] =
      token === undefined ? [this.version, 0] : (token.split(':').map(Number) as [number, number])
    if (version < this.#forgottenBefore) throw expired()
    const items = [...this.state(version).values()]
    const end = offset + limit
    const next = end < items.length ? { continue: `${version}:${end}` } : {}
    return { metadata: { resourceVersion: String(version), ...next }, items: items.slice(offset, end) }
  }

  /** @throws when the version is forgotten */
  checkWatch(version: number): void {
    if (version < this.#forgottenBefore) throw expired()
  }

  /** The first change after a version. */
  changeAfter(version: number): Change | undefined {
    return this.#changes[version]
  }
}

export function expired(): KubernetesError {
  return new KubernetesError('EXPIRED', 'too old resource version', { httpStatus: 410 })
}
