import { KubernetesClient } from '@tiebeam/k8s'
import { etcd, kubernetes, members, type OpenOptions } from '@tiebeam/tables'
import type { AuthorityAccess } from './protocol.ts'

/** Where the record is. */
export const KEY = '/test/tables'
export const LEASE = 'tables'

/**
 * What a member is configured with.
 * @param pod in which it is to think that it runs, where there are pods
 */
export function authorityOptions(
  access: AuthorityAccess,
  pod: string,
): Pick<OpenOptions, 'authority' | 'minimumNodes'> {
  switch (access.type) {
    case 'members':
      return { authority: members(), minimumNodes: access.minimumNodes }
    case 'etcd':
      return { authority: etcd({ endpoints: [access.endpoint], key: KEY }) }
    case 'kubernetes': {
      const { server, certificateAuthority, token, namespace } = access
      const client = new KubernetesClient({
        server,
        namespace,
        certificateAuthority: { data: certificateAuthority },
        credentials: { token },
      })
      return { authority: kubernetes({ name: LEASE, client, pod: { name: pod } }) }
    }
  }
}
