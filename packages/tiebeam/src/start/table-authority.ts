import { type AuthorityKind, etcd, kubernetes, members } from '@tiebeam/tables'
import { settingsError } from '../settings/resolve.ts'
import type { Settings } from '../settings/settings.ts'

/**
 * The authority of the tables that the settings name. It is configured, not guessed from where the app runs: all nodes must have the same.
 * @throws TiebeamError `SETTING_INVALID`; TablesError `OPTION_INVALID`
 */
export function tableAuthorityOf(
  { tablesAuthority, tablesLease, etcdEndpoints }: Settings,
  appName: string,
): AuthorityKind {
  switch (tablesAuthority) {
    case 'members':
      return members()
    case 'kubernetes':
      return kubernetes({ name: tablesLease ?? `${appName}-tables` })
    case 'etcd':
      if (etcdEndpoints !== undefined) return etcd({ endpoints: etcdEndpoints.split(',') })
      throw settingsError(['tablesAuthority is etcd, and nothing says where that is; set TIEBEAM_ETCD_ENDPOINTS'])
  }
}
