import { isIP } from 'node:net'
import { integer, integerOrOff, oneOf, type Refusal, type SettingDefinition, text } from './definition.ts'

const WAIT_MS_MAX = 0x7fffffff
const PORT_MAX = 65_535
const BASENAME = /^[A-Za-z0-9_-]{1,200}$/
const basename = 'letters, digits, _ and -, at most 200 of them'

/** The HTTP port that exporters of OpenTelemetry use for Prometheus. */
export const HTTP_PORT = 9464

/**
 * All settings, in the order of the reference. Their names are those of the program's options and of the configuration file.
 * `docs/configuration.md` shows this table; a test compares.
 */
export const settingDefinitions = {
  serviceName: text({
    environment: ['TIEBEAM_SERVICE_NAME', 'DATAPIO_SERVICE_NAME'],
    description:
      'The headless Service whose addresses are the nodes of the cluster; without it, and without topologies, there is no clustering.',
    allowed: 'the name of a Service, such as shop or shop.other.svc.cluster.local',
    test: (given) => /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?$/.test(given),
  }),
  appName: text({
    environment: ['TIEBEAM_APP_NAME', 'DATAPIO_APP_NAME'],
    description: 'What stands before the @ in the names of all nodes of the service. Unset: releaseName.',
    allowed: basename,
    test: (given) => BASENAME.test(given),
  }),
  releaseName: text({
    environment: ['RELEASE_NAME'],
    description: 'What stands before the @ in the name of this node. Unset: appName, else the name in package.json.',
    allowed: basename,
    test: (given) => BASENAME.test(given),
  }),
  nodeName: text({
    environment: ['RELEASE_NODE'],
    description: 'The whole name of this node, or what stands before its @. Unset: made of releaseName and podIp.',
    allowed: 'base@host or base, such as shop@10.0.0.7',
    test: (given) => /^[A-Za-z0-9_-]{1,200}(@[^@\s/]{1,255})?$/.test(given),
  }),
  cookie: text({
    environment: ['RELEASE_COOKIE'],
    description:
      'The secret that all nodes of a cluster share. Unset, on loopback: that of ~/.erlang.cookie, made when there is none.',
    allowed: '1 to 255 Latin-1 characters',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of Latin-1
    test: (given) => /^[\x01-\xff]{1,255}$/.test(given),
    secret: true,
  }),
  distribution: oneOf({
    environment: ['RELEASE_DISTRIBUTION'],
    description:
      'As in mix release: name for hosts that are addresses or full names, sname for hosts without a dot, none for a node that nobody finds.',
    default: 'name',
    values: ['name', 'sname', 'none'],
  }),
  podIp: text({
    environment: ['POD_IP', 'RELEASE_NODE_IP', 'RELEASE_IP'],
    description: 'The address of this pod or host. Unset, with serviceName: the only address that is not loopback.',
    allowed: 'an IP address',
    test: (given) => isIP(given) !== 0,
  }),
  port: integer({
    environment: ['TIEBEAM_PORT'],
    description: 'The port for connections of other nodes. Unset: any that is free, which EPMD tells them.',
    min: 1,
    max: PORT_MAX,
  }),
  epmdPort: integer({
    environment: ['ERL_EPMD_PORT'],
    description: 'The port of EPMD, the same on all hosts.',
    default: 4369,
    min: 1,
    max: PORT_MAX,
  }),
  netTickTimeMs: integer({
    environment: ['TIEBEAM_NET_TICK_TIME_MS'],
    description: 'A node that is silent for so long counts as lost. The same in all nodes, OTP has 60,000.',
    default: 60_000,
    min: 1_000,
    max: WAIT_MS_MAX,
    unit: 'milliseconds',
  }),
  tlsCertFile: text({
    environment: ['TIEBEAM_TLS_CERT_FILE'],
    description: 'The certificate of this node, PEM. With tlsKeyFile: all connections between nodes use TLS.',
    allowed: 'the path of a file',
  }),
  tlsKeyFile: text({
    environment: ['TIEBEAM_TLS_KEY_FILE'],
    description: 'The private key to tlsCertFile, PEM.',
    allowed: 'the path of a file',
  }),
  tlsCaFile: text({
    environment: ['TIEBEAM_TLS_CA_FILE'],
    description: 'The authorities whose certificates are accepted, PEM.',
    allowed: 'the path of a file',
  }),
  httpHost: text({
    environment: ['TIEBEAM_HTTP_HOST'],
    description: 'The address at which health and metrics are served. Unset: that of the node.',
    allowed: 'an IP address or the name of a host',
    test: (given) => /^[^\s/]{1,255}$/.test(given),
  }),
  httpPort: integerOrOff({
    environment: ['TIEBEAM_HTTP_PORT'],
    description:
      'The port of /healthz, /readyz and /metrics; 0 for any that is free. The default gives way on loopback when it is taken.',
    default: HTTP_PORT,
    min: 0,
    max: PORT_MAX,
  }),
  minimumNodes: integer({
    environment: ['TIEBEAM_MINIMUM_NODES'],
    description: 'The app is ready when so many nodes are in the cluster, this one included.',
    default: 1,
    min: 1,
    max: 1_000,
  }),
  tablesAuthority: oneOf({
    environment: ['TIEBEAM_TABLES_AUTHORITY'],
    description: 'Who decides which processes are members of the tables; the same in all nodes.',
    default: 'members',
    values: ['members', 'kubernetes', 'etcd'],
  }),
  tablesLease: text({
    environment: ['TIEBEAM_TABLES_LEASE'],
    description: 'The Lease that the authority kubernetes keeps. Unset: the name of the app and -tables.',
    allowed: 'the name of a Lease, such as shop-tables',
    test: (given) => /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(given),
  }),
  etcdEndpoints: text({
    environment: ['TIEBEAM_ETCD_ENDPOINTS'],
    description: 'Where the authority etcd is: URLs with commas between them.',
    allowed: 'URLs of http or https, such as https://etcd-0:2379,https://etcd-1:2379',
    test: (given) => given.split(',').every((url) => /^https?:\/\/[^\s/]+$/.test(url)),
  }),
  drainMs: integer({
    environment: ['TIEBEAM_DRAIN_MS'],
    description: 'How long calls under way may take to finish when the app stops.',
    default: 10_000,
    min: 0,
    max: WAIT_MS_MAX,
    unit: 'milliseconds',
  }),
  stopMs: integer({
    environment: ['TIEBEAM_STOP_MS'],
    description: 'A stop that takes longer is cut off, and the exit code is 1. Kubernetes kills after 30 s.',
    default: 25_000,
    min: 1,
    max: WAIT_MS_MAX,
    unit: 'milliseconds',
  }),
  logLevel: oneOf({
    environment: ['TIEBEAM_LOG_LEVEL'],
    description: 'What is logged: this level and all above it.',
    default: 'info',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
  }),
  logFormat: oneOf({
    environment: ['TIEBEAM_LOG_FORMAT'],
    description: 'auto is text on a terminal and JSON, one object a line, anywhere else.',
    default: 'auto',
    values: ['auto', 'json', 'text'],
  }),
  runDirectory: text({
    environment: ['TIEBEAM_RUN_DIRECTORY'],
    description: 'Where the socket for tiebeam remote, eval and stop is made. Unset: there is none.',
    allowed: 'the path of a folder',
  }),
} satisfies Readonly<Record<string, SettingDefinition>>

type DefinitionsOfSettings = typeof settingDefinitions

export type SettingName = keyof DefinitionsOfSettings

type ValueOf<Definition extends SettingDefinition> = Exclude<ReturnType<Definition['parse']>, Refusal>

/** Settings as a program or a file gives them. */
export type GivenSettings = {
  readonly [Name in SettingName]?: ValueOf<DefinitionsOfSettings[Name]> | undefined
}

/** The settings that count, with their defaults. */
export type Settings = {
  readonly [Name in SettingName]: ValueOf<DefinitionsOfSettings[Name]> | (Name extends WithDefault ? never : undefined)
}

type WithDefault =
  | 'distribution'
  | 'epmdPort'
  | 'netTickTimeMs'
  | 'httpPort'
  | 'minimumNodes'
  | 'tablesAuthority'
  | 'drainMs'
  | 'stopMs'
  | 'logLevel'
  | 'logFormat'
