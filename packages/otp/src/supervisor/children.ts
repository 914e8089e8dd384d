import type { Pid } from '@tiebeam/distribution'
import type { ChildCounts, ChildInfo, ChildKey, ChildStatus } from './events.ts'
import type { CheckedSpec } from './settings.ts'

export interface Child {
  readonly key: ChildKey
  readonly spec: CheckedSpec
  status: ChildStatus
  /** Of the process that runs, or of the last that ran. */
  pid: Pid | undefined
  /** Why it ended last, or did not start. */
  endReason: unknown
}

/** The children of one supervisor, in the order in which they were added. */
export class Children {
  readonly #byKey = new Map<ChildKey, Child>()
  /** By the key of its pid, each child that runs or is being restarted. */
  readonly #byPid = new Map<string, Child>()
  readonly #dynamic: boolean

  constructor(dynamic: boolean) {
    this.#dynamic = dynamic
  }

  get size(): number {
    return this.#byKey.size
  }

  add(key: ChildKey, spec: CheckedSpec): Child {
    const child: Child = { key, spec, status: 'stopped', pid: undefined, endReason: undefined }
    this.#byKey.set(key, child)
    return child
  }

  remove(child: Child): void {
    this.stopped(child)
    this.#byKey.delete(child.key)
  }

  get(key: ChildKey): Child | undefined {
    return this.#byKey.get(key)
  }

  /** The child that has this pid, or had it before the restart that is being tried. */
  withPid(pid: Pid): Child | undefined {
    return this.#byPid.get(pid.key)
  }

  inOrder(): Child[] {
    return [...this.#byKey.values()]
  }

  started(child: Child, pid: Pid): void {
    this.stopped(child)
    child.status = 'running'
    child.pid = pid
    this.#byPid.set(pid.key, child)
  }

  restarting(child: Child): void {
    child.status = 'restarting'
  }

  stopped(child: Child): void {
    child.status = 'stopped'
    if (child.pid !== undefined) this.#byPid.delete(child.pid.key)
  }

  /** It does not run and is not to be restarted: what may be started again is kept. */
  settle(child: Child): void {
    if (this.#dynamic || child.spec.restart === 'temporary') this.remove(child)
    else this.stopped(child)
  }

  infos(): ChildInfo[] {
    return this.inOrder().map(({ spec, status, pid }) => ({
      id: spec.id,
      status,
      pid: status === 'running' ? pid : undefined,
      type: spec.type,
    }))
  }

  counts(): ChildCounts {
    let active = 0
    let supervisors = 0
    for (const { spec, status } of this.#byKey.values()) {
      if (status === 'running') active++
      if (spec.type === 'supervisor') supervisors++
    }
    return { specs: this.size, active, supervisors, workers: this.size - supervisors }
  }
}
