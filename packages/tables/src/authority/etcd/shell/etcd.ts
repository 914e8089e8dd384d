import { createSecureContext } from 'node:tls'
import { TablesError } from '../../../errors.ts'
import type { AuthorityKind } from '../../authority-kind.ts'
import { RecordAuthority } from '../../shell/record-authority.ts'
import { type EtcdOptions, type EtcdTls, etcdSettings } from '../settings.ts'
import { EtcdStore } from './etcd-store.ts'

/**
 * The record of the authority is one key of etcd (3.4 or later), swapped by a transaction on its revision. It survives the loss of any
 * number of members of the tables but all. etcd need not be there when a process starts, nor while no view changes.
 * @throws TablesError `OPTION_INVALID`
 */
export function etcd(options: EtcdOptions): AuthorityKind {
  const settings = etcdSettings(options)
  checkCertificates(settings.tls)
  return {
    kind: settings.key === undefined ? 'etcd' : `etcd ${settings.key}`,
    start: async ({ name }) => new RecordAuthority(new EtcdStore(settings, name), settings.timeoutMs),
  }
}

/** So that it is told now, and not as a failure of every call. */
function checkCertificates(tls: EtcdTls): void {
  try {
    createSecureContext(tls)
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new TablesError('OPTION_INVALID', `etcd: tls cannot be used: ${problem}.`, { cause })
  }
}
