import { settingsError } from './resolve.ts'
import type { Settings } from './settings.ts'

/** What is not a setting, and decides about the name of the node. */
export interface Surroundings {
  /** The name in package.json, made a basename; else `app`. */
  readonly packageName: string
  /** The addresses of this host that are not loopback. */
  readonly addresses: readonly string[]
  /** The name of this host, up to its first dot. */
  readonly hostname: string
  /** Whether the program has topologies of its own. */
  readonly hasTopologies: boolean
}

export interface Identity {
  readonly nodeName: string
  readonly host: string
  /** The basename of the other nodes. */
  readonly appName: string
  readonly shortNames: boolean
  /** Whether nothing of the app is to be reached from other hosts. */
  readonly isLocal: boolean
}

const LOOPBACK = '127.0.0.1'

/**
 * The name of the node. Without a service, topologies and a name beyond loopback, it is one on loopback.
 * @throws TiebeamError `SETTING_INVALID`
 */
export function identityOf(settings: Settings, surroundings: Surroundings): Identity {
  const { nodeName, releaseName, appName, distribution } = settings
  const shortNames = distribution === 'sname'
  const [base = '', givenHost] = nodeName?.split('@') ?? []
  const ownBase = base || (releaseName ?? appName ?? surroundings.packageName)
  const host = distribution === 'none' ? LOOPBACK : (givenHost ?? hostOf(settings, surroundings))
  if (shortNames && host.includes('.')) {
    const message = `RELEASE_DISTRIBUTION is sname, and the host of ${ownBase}@${host} has a dot; use RELEASE_DISTRIBUTION=name, or a host without one`
    throw settingsError([message])
  }
  return {
    nodeName: `${ownBase}@${host}`,
    host,
    appName: appName ?? releaseName ?? ownBase,
    shortNames,
    isLocal: isLoopback(host),
  }
}

function hostOf(settings: Settings, { addresses, hostname, hasTopologies }: Surroundings): string {
  const { serviceName, podIp, distribution } = settings
  if (distribution === 'sname') return hostname
  if (serviceName === undefined && !hasTopologies) return LOOPBACK
  if (podIp !== undefined) return podIp
  // Topologies may well mean nodes of this host.
  if (serviceName === undefined) return LOOPBACK
  const [address, ...others] = addresses
  if (address !== undefined && others.length === 0) return address
  const found = address === undefined ? 'has none but loopback' : `has several: ${addresses.join(', ')}`
  throw settingsError([
    `the nodes of the service ${serviceName} need the address of this one, and this host ${found}; set POD_IP (in Kubernetes from status.podIP) or RELEASE_NODE`,
  ])
}

/** Whether a host of a node's name is this host alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** What can stand before the `@`: of a package's name, `@acme/shop-api`, it is `shop-api`. */
export function basenameOf(packageName: unknown): string {
  const name = typeof packageName === 'string' ? packageName.replace(/^@[^/]*\//, '') : ''
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 200) || 'app'
}
