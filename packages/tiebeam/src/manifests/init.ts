import { TiebeamError } from '../errors.ts'
import type { ManifestKind } from './kinds.ts'
import { isManifestKind, manifestKinds } from './order.ts'

export type ManifestStrategy = 'dns' | 'kubernetes'
export type ManifestTables = 'none' | 'kubernetes'

export interface ManifestsInit {
  /** Name of the app: of every object, of the label `app.kubernetes.io/name`, and what stands before the `@` of its nodes. */
  readonly name: string
  /** Image of the release, with its tag or digest. */
  readonly image: string
  /** The secret that the nodes share. Needed for the Secret alone. */
  readonly cookie?: string
  /** Default 3. */
  readonly replicas?: number
  /** Default: none is written, and `kubectl --namespace` decides. */
  readonly namespace?: string
  /** How pods find each other: by the name of the Service in DNS (default), or by the Kubernetes API. */
  readonly strategy?: ManifestStrategy
  /** Where the view of the tables is kept: `kubernetes` is a Lease, which needs permissions. Default `none`. */
  readonly tables?: ManifestTables
  /** A port of the app itself, open to everybody. */
  readonly port?: number
  /** Of health and metrics. Default 9464. */
  readonly healthPort?: number
  /** Label of the namespaces that may ask for health and metrics: `name=value`. Default: everybody may. */
  readonly metricsFrom?: string
  /** What a leaving node gives its calls in flight, in ms. The grace period is derived from it. Default 10,000. */
  readonly drainMs?: number
  /** Default: every kind that is needed. */
  readonly only?: readonly string[]
}

/** `ManifestsInit`, checked, with its defaults. */
export interface ManifestsOptions {
  readonly name: string
  readonly image: string
  readonly cookie: string | undefined
  readonly replicas: number
  readonly namespace: string | undefined
  readonly strategy: ManifestStrategy
  readonly tables: ManifestTables
  readonly port: number | undefined
  readonly healthPort: number
  readonly metricsFrom: readonly [label: string, value: string] | undefined
  readonly drainMs: number
  readonly only: ReadonlySet<ManifestKind>
}

/** The pod of a Deployment appends 17 characters to its name, of 63 in all. */
const NAME_CHARACTERS_MAX = 46
const REPLICAS_MAX = 1000
/** An hour. Kubernetes has no limit; a larger value is a slip of units. */
const DRAIN_MS_MAX = 3_600_000

/** @throws TiebeamError `OPTION_INVALID` */
export function manifestsOptions(init: ManifestsInit): ManifestsOptions {
  const { name, image, cookie, replicas = 3, namespace, strategy = 'dns', tables = 'none', port } = init
  const { healthPort = 9464, drainMs = 10_000, only = manifestKinds } = init
  check(
    isLabel(name) && /^[a-z]/.test(name) && name.length <= NAME_CHARACTERS_MAX,
    'name',
    name,
    `lower-case letters, digits and -, beginning with a letter, of at most ${NAME_CHARACTERS_MAX} characters`,
  )
  check(/^\S+$/.test(image), 'image', image, "the name of an image, such as 'registry.example.com/shop:1.2.0'")
  check(isWhole(replicas, 1, REPLICAS_MAX), 'replicas', replicas, `a whole number from 1 to ${REPLICAS_MAX}`)
  check(namespace === undefined || isLabel(namespace), 'namespace', namespace, 'lower-case letters, digits and -')
  check(['dns', 'kubernetes'].includes(strategy), 'strategy', strategy, "'dns' or 'kubernetes'")
  check(['none', 'kubernetes'].includes(tables), 'tables', tables, "'none' or 'kubernetes'")
  check(port === undefined || isPort(port), 'port', port, 'a port from 1024 to 65535, for the app is not root')
  check(isPort(healthPort), 'health-port', healthPort, 'a port from 1024 to 65535, for the app is not root')
  const ports = [port, healthPort, 4369].filter((each) => each !== undefined)
  check(new Set(ports).size === ports.length, 'port', port, 'a port of its own: not the health port, nor 4369 of EPMD')
  check(isWhole(drainMs, 0, DRAIN_MS_MAX), 'drain-ms', drainMs, `milliseconds from 0 to ${DRAIN_MS_MAX}`)
  if (cookie !== undefined && !/^[\x21-\x7e]{1,255}$/.test(cookie)) {
    throw new TiebeamError(
      'OPTION_INVALID',
      'The cookie cannot be used: it must be 1 to 255 printable ASCII characters without spaces.',
    )
  }
  return {
    ...{ name, image, cookie, replicas, namespace, strategy, tables, port, healthPort, drainMs },
    metricsFrom: labelOf(init.metricsFrom),
    only: new Set(only.map(kindOf)),
  }
}

function kindOf(text: string): ManifestKind {
  check(isManifestKind(text), 'only', text, `one of ${manifestKinds.join(', ')}`)
  return text
}

function labelOf(text: string | undefined): readonly [string, string] | undefined {
  if (text === undefined) return undefined
  const [, label, value] = /^([\w./-]+)=([\w.-]*)$/.exec(text) ?? []
  check(label !== undefined && value !== undefined, 'metrics-from', text, "a label, such as 'team=monitoring'")
  return [label, value]
}

function isLabel(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

function isPort(value: number): boolean {
  return isWhole(value, 1024, 65_535)
}

function check(valid: boolean, option: string, value: unknown, allowed: string): asserts valid {
  if (valid) return
  throw new TiebeamError('OPTION_INVALID', `--${option} is ${JSON.stringify(value)}; it must be ${allowed}.`)
}
