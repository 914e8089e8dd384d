import type { AuthorityHost } from '../../authority-kind.ts'
import type { RecordAuthority } from '../../shell/record-authority.ts'
import { onlyContainerOf, type PodRecord } from '../pod-record.ts'
import type { PodOptions } from '../settings.ts'
import type { LeaseStore } from './lease-store.ts'

export interface PodRegistrationInit {
  readonly host: AuthorityHost
  readonly store: LeaseStore
  readonly record: RecordAuthority<unknown>
  readonly pod: PodOptions & { readonly namespace: string }
}

/** How often a process looks whether it has yet to write down its pod. Once it has, a look costs nothing until the view changes. */
const LOOK_MS = 1000

/**
 * Writes down in which pod this process runs, as soon as there is a record, and again when it becomes another member. That it still stands
 * there is looked at with each view, for a person may have put back a record without it.
 */
export class PodRegistration {
  readonly #init: PodRegistrationInit
  readonly #timer: NodeJS.Timeout
  #pod: PodRecord | undefined
  /** As which member, in which view. */
  #registeredAs: string | undefined
  #isAtWork = false
  #isWarned = false

  constructor(init: PodRegistrationInit) {
    this.#init = init
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    const { host, record, store } = this.#init
    const { uid } = host.self()
    const view = host.view()
    const as = `${uid} ${view?.epoch}`
    if (this.#isAtWork || view === undefined || as === this.#registeredAs) return
    this.#isAtWork = true
    try {
      const isRegistered = await record.call(async (signal) => {
        this.#pod ??= await this.#ownPod(signal)
        return store.register(uid, this.#pod, signal)
      })
      if (isRegistered) this.#registeredAs = as
    } catch (error) {
      this.#warn(error)
    } finally {
      this.#isAtWork = false
    }
  }

  /** Only a pod that is there is written down: a wrong name would look like the end of it. */
  async #ownPod(signal: AbortSignal): Promise<PodRecord> {
    const { name, namespace, container } = this.#init.pod
    const pod = await this.#init.store.pod(name, namespace, signal)
    const uid = pod?.metadata?.uid
    if (pod === undefined || uid === undefined) {
      throw new Error(`There is no pod ${name} in ${namespace}. Set POD_NAME from metadata.name.`)
    }
    const startedMs = Math.round(performance.timeOrigin)
    return { namespace, pod: name, uid, container: container ?? onlyContainerOf(pod), startedMs }
  }

  #warn(error: unknown): void {
    if (this.#isWarned) return
    this.#isWarned = true
    this.#init.host.node.logger.warn(
      { err: error },
      'tables: cannot write down yet in which pod this process runs; till then its end is only proven by its return',
    )
  }
}
