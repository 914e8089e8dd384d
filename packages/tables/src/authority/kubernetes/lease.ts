import type { Lease } from '@tiebeam/k8s'
import { memberOf, type View } from '../../member.ts'
import { readRecord, writeRecord } from '../record.ts'
import { type PodRecords, readPodRecords } from './pod-record.ts'

const VIEW_ANNOTATION = 'tiebeam.dev/tables-view'
const PODS_ANNOTATION = 'tiebeam.dev/tables-pods'

/** Undefined in a Lease that was made beforehand, and holds no view yet. */
export function viewIn(
  lease: Lease | undefined,
  init: { readonly tables: string; readonly where: string },
): View | undefined {
  const text = lease?.metadata?.annotations?.[VIEW_ANNOTATION]
  return text === undefined ? undefined : readRecord(text, init)
}

export function podRecordsIn(lease: Lease | undefined): PodRecords {
  return readPodRecords(lease?.metadata?.annotations?.[PODS_ANNOTATION])
}

export interface LeaseContent {
  readonly name: string
  readonly tables: string
  readonly view: View
  readonly pods: PodRecords
  /** In ms since 1970; for people alone. */
  readonly nowMs: number
}

/**
 * The Lease with a view in it. Its `resourceVersion` is kept, so that it replaces only what was read. `kubectl get lease` shows the node of
 * the primary as holder, and as transitions the epoch.
 */
export function leaseWith(lease: Lease | undefined, { name, tables, view, pods, nowMs }: LeaseContent): Lease {
  const { holderIdentity: _before, ...spec } = lease?.spec ?? {}
  const holder = memberOf(view, view.primary)?.node
  const time = new Date(nowMs).toISOString().replace(/Z$/, '000Z')
  return {
    ...lease,
    metadata: {
      ...(lease?.metadata ?? { name }),
      annotations: {
        ...lease?.metadata?.annotations,
        [VIEW_ANNOTATION]: writeRecord(tables, view),
        [PODS_ANNOTATION]: JSON.stringify(pods),
      },
    },
    spec: {
      acquireTime: time,
      ...spec,
      ...(holder !== undefined && { holderIdentity: holder }),
      renewTime: time,
      leaseTransitions: view.epoch,
    },
  }
}
