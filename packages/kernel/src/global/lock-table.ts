import { keyOf, type Pid } from '@tiebeam/distribution'
import type { Monitors } from './monitors.ts'
import { GLOBAL_RESOURCE, type LockId } from './vocabulary.ts'

interface Lock {
  readonly requesterKey: string
  /** The monitors of the processes that hold it, by key of the process. Never empty. */
  readonly holders: Map<string, number>
}

/** What routines ask of the table. */
export interface LockView {
  canSet(lock: LockId): boolean
  isSet(resource: unknown): boolean
}

/** The locks that are set on this node. A lock ends with the processes that hold it. */
export class LockTable implements LockView {
  readonly #monitors: Monitors
  readonly #locks = new Map<string, Lock>()
  /** Key of the resource, and of the process, by monitor. */
  readonly #watched = new Map<number, readonly [resource: string, holder: string]>()
  #globalLockLost = false

  constructor(monitors: Monitors) {
    this.#monitors = monitors
  }

  /** Whether the last global lock ended with its holder, who then did not finish what it was about to do. */
  get globalLockLost(): boolean {
    return this.#globalLockLost
  }

  get size(): number {
    return this.#locks.size
  }

  /** Whether it is free, or held in the name of the same requester. */
  canSet({ resource, requester }: LockId): boolean {
    const lock = this.#locks.get(keyOf(resource))
    return lock === undefined || lock.requesterKey === keyOf(requester)
  }

  isSet(resource: unknown): boolean {
    return this.#locks.has(keyOf(resource))
  }

  set(id: LockId, holder: Pid): boolean {
    if (!this.canSet(id)) return false
    const resourceKey = keyOf(id.resource)
    let lock = this.#locks.get(resourceKey)
    if (lock === undefined) {
      lock = { requesterKey: keyOf(id.requester), holders: new Map() }
      this.#locks.set(resourceKey, lock)
    }
    if (lock.holders.has(holder.key)) return true
    const monitor = this.#monitors.watch(holder)
    lock.holders.set(holder.key, monitor)
    this.#watched.set(monitor, [resourceKey, holder.key])
    return true
  }

  delete({ resource, requester }: LockId, holder: Pid): void {
    const resourceKey = keyOf(resource)
    const lock = this.#locks.get(resourceKey)
    if (lock === undefined || lock.requesterKey !== keyOf(requester)) return
    this.#release(resourceKey, holder.key, false)
  }

  /** A process ended that was watched under this number. */
  down(monitor: number): void {
    const watched = this.#watched.get(monitor)
    if (watched !== undefined) this.#release(...watched, true)
  }

  /** Whether this process holds the global lock; `undefined` when nobody does. */
  holdsGlobalLock(pid: Pid): boolean | undefined {
    return this.#locks.get(GLOBAL_KEY)?.holders.has(pid.key)
  }

  /** Whether the global lock is held in the name of this requester; `undefined` when nobody holds it. */
  isGlobalRequester(requester: unknown): boolean | undefined {
    const lock = this.#locks.get(GLOBAL_KEY)
    return lock && lock.requesterKey === keyOf(requester)
  }

  #release(resourceKey: string, holderKey: string, lost: boolean): void {
    const lock = this.#locks.get(resourceKey)
    const monitor = lock?.holders.get(holderKey)
    if (lock === undefined || monitor === undefined) return
    this.#monitors.unwatch(monitor)
    this.#watched.delete(monitor)
    lock.holders.delete(holderKey)
    if (lock.holders.size > 0) return
    this.#locks.delete(resourceKey)
    if (resourceKey === GLOBAL_KEY) this.#globalLockLost = lost
  }
}

const GLOBAL_KEY = keyOf(GLOBAL_RESOURCE)
