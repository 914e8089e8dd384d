import type { KubeConfig } from './kube-config.ts'

/** Where the kubelet puts a pod's service account. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

export interface InClusterInit {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly folder: string
  /** Contents of the file `namespace`; undefined when there is none. */
  readonly namespace: string | undefined
}

/**
 * The configuration of a pod; undefined when its environment names no API server.
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
export function inClusterConfig({ env, folder, namespace }: InClusterInit): KubeConfig | undefined {
  const host = env.KUBERNETES_SERVICE_HOST
  const port = env.KUBERNETES_SERVICE_PORT
  if (!host || !port) return undefined
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace?.trim() || 'default',
    certificateAuthority: { file: `${folder}/ca.crt` },
    credentials: { tokenFile: `${folder}/token` },
  }
}
