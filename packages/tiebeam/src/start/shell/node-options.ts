import { readFile } from 'node:fs/promises'
import type { NodeInit, TlsInit } from '@tiebeam/distribution'
import type { Identity } from '../../settings/identity.ts'
import { settingsError } from '../../settings/resolve.ts'
import type { Settings } from '../../settings/settings.ts'
import { userCookie } from '../../settings/shell/cookie-file.ts'

/** @throws TiebeamError `SETTING_INVALID` */
export async function cookieOf({ cookie }: Settings, { isLocal, nodeName }: Identity): Promise<string> {
  if (cookie !== undefined) return cookie
  if (isLocal) return userCookie()
  throw settingsError([
    `the node ${nodeName} can be reached from other hosts, so it needs a cookie, the same secret in all nodes of the cluster; set RELEASE_COOKIE (in Kubernetes from a Secret)`,
  ])
}

/** What the settings say of the node, without its cookie. */
export async function nodeOptionsOf(settings: Settings, identity: Identity): Promise<Omit<NodeInit, 'cookie'>> {
  const { distribution, port, epmdPort, netTickTimeMs } = settings
  const tls = await tlsOf(settings)
  return {
    name: identity.nodeName,
    shortNames: identity.shortNames,
    netTickTimeMs,
    // Without EPMD, a port that is not given is one that nobody knows.
    ...(distribution === 'none' ? { epmd: false, port: port ?? 0, hidden: true } : { epmd: { port: epmdPort } }),
    ...(distribution !== 'none' && port !== undefined && { port }),
    ...(tls !== undefined && { tls }),
  }
}

type TlsFiles = Pick<Settings, 'tlsCertFile' | 'tlsKeyFile' | 'tlsCaFile'>

/** @throws TiebeamError `SETTING_INVALID` when a file cannot be read */
export async function tlsOf({ tlsCertFile, tlsKeyFile, tlsCaFile }: TlsFiles): Promise<TlsInit | undefined> {
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return undefined
  const [cert, key, ca] = await Promise.all([
    read('TIEBEAM_TLS_CERT_FILE', tlsCertFile),
    read('TIEBEAM_TLS_KEY_FILE', tlsKeyFile),
    tlsCaFile === undefined ? undefined : read('TIEBEAM_TLS_CA_FILE', tlsCaFile),
  ])
  return { cert, key, ...(ca !== undefined && { ca }) }
}

async function read(variable: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw settingsError([`${variable} names ${file}, which cannot be read: ${why}`], cause)
  }
}
