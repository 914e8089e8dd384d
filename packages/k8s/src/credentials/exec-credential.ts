import type { ExecPlugin } from '../config/kube-config.ts'
import { KubernetesError } from '../errors.ts'

/** What a plugin gave us. */
export interface ExecCredential {
  readonly token: string | undefined
  readonly clientCertificate: string | undefined
  readonly clientKey: string | undefined
  /** Since the epoch; undefined: until the server refuses it. */
  readonly expiresAtMs: number | undefined
}

export interface ExecClusterInfo {
  readonly server: string
  readonly tlsServerName?: string | undefined
  readonly insecureSkipTlsVerify?: boolean | undefined
  /** PEM. */
  readonly certificateAuthority?: string | undefined
}

/** The value of KUBERNETES_EXEC_INFO. */
export function execInfo(plugin: ExecPlugin, cluster: ExecClusterInfo): string {
  const { server, tlsServerName, insecureSkipTlsVerify, certificateAuthority } = cluster
  return JSON.stringify({
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(plugin.provideClusterInfo && {
        cluster: {
          server,
          'tls-server-name': tlsServerName,
          'insecure-skip-tls-verify': insecureSkipTlsVerify,
          'certificate-authority-data':
            certificateAuthority === undefined ? undefined : Buffer.from(certificateAuthority).toString('base64'),
          config: plugin.clusterExtension,
        },
      }),
    },
  })
}

/**
 * Reads what a plugin printed.
 * @throws KubernetesError `CREDENTIAL_UNAVAILABLE`; what was printed may be a secret, and is not quoted.
 */
export function parseExecCredential(plugin: ExecPlugin, output: string): ExecCredential {
  let printed: unknown
  try {
    printed = JSON.parse(output)
  } catch {
    throw malformed(plugin, 'what it printed is not JSON')
  }
  const { apiVersion, kind, status } = (printed ?? {}) as Record<string, unknown>
  if (kind !== 'ExecCredential') throw malformed(plugin, 'what it printed is no ExecCredential')
  if (apiVersion !== plugin.apiVersion) {
    throw malformed(plugin, `it printed apiVersion ${JSON.stringify(apiVersion)} instead of ${plugin.apiVersion}`)
  }
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = (status ?? {}) as Record<string, unknown>
  const credential: ExecCredential = {
    token: text(plugin, 'token', token),
    clientCertificate: text(plugin, 'clientCertificateData', clientCertificateData),
    clientKey: text(plugin, 'clientKeyData', clientKeyData),
    expiresAtMs: expiry(plugin, expirationTimestamp),
  }
  if ((credential.clientCertificate === undefined) !== (credential.clientKey === undefined)) {
    throw malformed(plugin, 'it printed a certificate without its key, or a key without its certificate')
  }
  if (credential.token === undefined && credential.clientCertificate === undefined) {
    throw malformed(plugin, 'it printed neither a token nor a certificate')
  }
  return credential
}

function text(plugin: ExecPlugin, name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw malformed(plugin, `status.${name} is not text`)
  return value
}

function expiry(plugin: ExecPlugin, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(atMs)) throw malformed(plugin, 'status.expirationTimestamp is no time in RFC 3339')
  return atMs
}

function malformed(plugin: ExecPlugin, complaint: string): KubernetesError {
  return new KubernetesError(
    'CREDENTIAL_UNAVAILABLE',
    `The exec plugin ${plugin.command} gave no credential: ${complaint}. Run it by hand, and see what it prints.`,
  )
}
