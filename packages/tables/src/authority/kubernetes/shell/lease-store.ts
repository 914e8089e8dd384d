import {
  hasCode,
  type KubernetesClient,
  KubernetesError,
  type KubernetesErrorCode,
  type Lease,
  leases,
  type Pod,
  pods,
} from '@tiebeam/k8s'
import type { View } from '../../../member.ts'
import type { RecordStore } from '../../shell/record-authority.ts'
import { failureOf } from '../failure.ts'
import { leaseWith, podRecordsIn, viewIn } from '../lease.ts'
import { keptPodRecords, type PodRecord, type PodRecords } from '../pod-record.ts'
import type { RoleRule } from '../rules.ts'

export interface LeaseStoreInit {
  readonly client: KubernetesClient
  /** Whether the client ends with the store. */
  readonly isOwnClient: boolean
  readonly name: string
  readonly namespace: string
  readonly tables: string
}

interface Read {
  readonly view: View | undefined
  readonly version: Lease | undefined
}

/** The record as a Lease, its version the object's `resourceVersion`. */
export class LeaseStore implements RecordStore<Lease | undefined> {
  readonly #init: LeaseStoreInit

  constructor(init: LeaseStoreInit) {
    this.#init = init
  }

  /** Without a `resourceVersion` a GET is answered with what is newest. */
  async read(signal: AbortSignal): Promise<Read> {
    const { client, name, namespace, tables } = this.#init
    const resource = client.resource(leases, namespace)
    const lease = await this.#ask('get', () => resource.find(name, { signal }))
    return { view: viewIn(lease, { tables, where: `the Lease ${name} in ${namespace}` }), version: lease }
  }

  write(view: View, version: Lease | undefined, signal: AbortSignal): Promise<boolean> {
    const { tables, name, namespace } = this.#init
    const before = viewIn(version, { tables, where: `the Lease ${name} in ${namespace}` })
    return this.#put(version, view, keptPodRecords(podRecordsIn(version), before, view), signal)
  }

  /** Writes down where a process runs, in a record that has a view. False: there is none yet, or others were faster. */
  async register(uid: string, record: PodRecord, signal: AbortSignal): Promise<boolean> {
    const { view, version } = await this.read(signal)
    if (view === undefined) return false
    const records = podRecordsIn(version)
    if (records[uid] !== undefined) return true
    return this.#put(version, view, keptPodRecords({ ...records, [uid]: record }, view, view), signal)
  }

  async podRecord(uid: string, signal: AbortSignal): Promise<PodRecord | undefined> {
    const { version } = await this.read(signal)
    return podRecordsIn(version)[uid]
  }

  pod(name: string, namespace: string, signal: AbortSignal): Promise<Pod | undefined> {
    const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] }
    return orFailure(rule, () => this.#init.client.resource(pods, namespace).find(name, { signal }))
  }

  close(): void {
    if (this.#init.isOwnClient) this.#init.client.close()
  }

  #put(lease: Lease | undefined, view: View, records: PodRecords, signal: AbortSignal): Promise<boolean> {
    const { client, name, namespace, tables } = this.#init
    const resource = client.resource(leases, namespace)
    const content = leaseWith(lease, { name, tables, view, pods: records, nowMs: Date.now() })
    // An update names the object's uid, too, so that one that was deleted is not made again by it.
    return lease === undefined
      ? this.#ask('create', () => unless(resource.create(content, { signal }), 'ALREADY_EXISTS'))
      : this.#ask('update', () => unless(resource.replace(content, { signal }), 'CONFLICT', 'NOT_FOUND'))
  }

  #ask<T>(verb: 'get' | 'create' | 'update', call: () => Promise<T>): Promise<T> {
    const rule: RoleRule = {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      ...(verb !== 'create' && { resourceNames: [this.#init.name] }),
      verbs: [verb],
    }
    return orFailure(rule, call)
  }
}

async function orFailure<T>(rule: RoleRule, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw error instanceof KubernetesError ? failureOf(error, rule) : error
  }
}

/** Whether a write was done; false when it was refused with one of these codes. */
async function unless(write: Promise<Lease>, ...codes: readonly KubernetesErrorCode[]): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (hasCode(error, ...codes)) return false
    throw error
  }
}
