import { KubernetesClient } from '@tiebeam/k8s'
import type { AuthorityKind, StartedAuthority } from '../../authority-kind.ts'
import { RecordAuthority } from '../../shell/record-authority.ts'
import { isEnded } from '../pod-record.ts'
import { type KubernetesOptions, kubernetesSettings } from '../settings.ts'
import { LeaseStore } from './lease-store.ts'
import { PodRegistration } from './pod-registration.ts'

/**
 * The record of the authority is one Lease, swapped by its `resourceVersion`. It survives the loss of any number of members of the tables but
 * all, and sees in the API that pods are gone. The service account needs `kubernetesAuthorityRules(name)`. The API server need not be there
 * when a process starts, nor while no view changes.
 *
 * Starting it throws KubernetesError `CONFIG_MISSING` and `CONFIG_INVALID` where it is given no client and finds no configuration.
 * @throws TablesError `OPTION_INVALID`
 */
export function kubernetes(options: KubernetesOptions): AuthorityKind {
  const { name, timeoutMs, pod, ...settings } = kubernetesSettings(options, process.env)
  return {
    kind: settings.namespace === undefined ? `kubernetes ${name}` : `kubernetes ${settings.namespace}/${name}`,
    start: async (host): Promise<StartedAuthority> => {
      const client = settings.client ?? (await KubernetesClient.load())
      const { namespace = client.config.namespace } = settings
      const isOwnClient = settings.client === undefined
      const store = new LeaseStore({ client, isOwnClient, name, namespace, tables: host.name })
      const record = new RecordAuthority(store, timeoutMs)
      const registration =
        pod && new PodRegistration({ host, store, record, pod: { namespace: client.config.namespace, ...pod } })
      return {
        read: () => record.read(),
        install: (next, expectedEpoch) => record.install(next, expectedEpoch),
        proveDead: ({ uid }) =>
          record.call(async (signal) => {
            const where = await store.podRecord(uid, signal)
            return where !== undefined && isEnded(where, await store.pod(where.pod, where.namespace, signal))
          }),
        stop: () => {
          registration?.stop()
          return record.stop()
        },
      }
    },
  }
}
