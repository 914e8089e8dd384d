import { leaseName, rulesOf } from './access.ts'
import type { ManifestsOptions } from './init.ts'
import type { Container, DeploymentManifest, EnvironmentVariable, Probe } from './kinds.ts'
import { cookieSecretName, labelsOf, metadataOf, podSelector } from './metadata.ts'
import { EPMD_PORT } from './network.ts'

/** The user of the image that `tiebeam new` writes. */
const USER = 65_532
/** Until the addresses of a pod that ends have gone from where requests come from, in seconds. */
const PRE_STOP_SECONDS = 5
/** For the rest of a stop: handing over, disconnecting, in ms. */
const HAND_OVER_MS = 10_000
/** For the end of the process after its stop was cut off, in seconds. */
const EXIT_SECONDS = 5
/** Holds the run directory, which itself is made by its user: a mounted folder belongs to root, whatever its group. */
const RUN_MOUNT = '/run/tiebeam'

export function deployment(options: ManifestsOptions): DeploymentManifest {
  const { name, replicas, drainMs } = options
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(options),
    spec: {
      replicas,
      selector: podSelector(options),
      // One more, then one less: the number of nodes that answer never falls.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels: labelsOf(options) },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: rulesOf(options).length > 0,
          terminationGracePeriodSeconds: PRE_STOP_SECONDS + Math.ceil((drainMs + HAND_OVER_MS) / 1000) + EXIT_SECONDS,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: USER,
            runAsGroup: USER,
            fsGroup: USER,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
            maxSkew: 1,
            topologyKey,
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: podSelector(options),
          })),
          containers: [container(options)],
          volumes: [
            { name: 'run', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
            { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
          ],
        },
      },
    },
  }
}

function container(options: ManifestsOptions): Container {
  const { name, image, port, healthPort } = options
  return {
    name,
    image,
    ports: [
      { name: 'epmd', containerPort: EPMD_PORT },
      { name: 'health', containerPort: healthPort },
      ...(port === undefined ? [] : [{ name: 'app', containerPort: port }]),
    ],
    env: environment(options),
    // Two minutes to start in; after that, half a minute without a sign of life ends it.
    startupProbe: probe('/healthz', 2, 60),
    livenessProbe: probe('/healthz', 10, 3),
    readinessProbe: probe('/readyz', 2, 2),
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
    // No limit of the processor: throttling would look like a dead node to its peers.
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'run', mountPath: RUN_MOUNT },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  }
}

function environment(options: ManifestsOptions): EnvironmentVariable[] {
  const { name, strategy, tables, healthPort, drainMs } = options
  return [
    { name: 'RELEASE_NAME', value: name },
    { name: 'RELEASE_COOKIE', valueFrom: { secretKeyRef: { name: cookieSecretName(name), key: 'cookie' } } },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'TIEBEAM_APP_NAME', value: name },
    // With the Kubernetes API the app names its topology itself, and DNS is not asked.
    ...(strategy === 'dns' ? [{ name: 'TIEBEAM_SERVICE_NAME', value: name }] : []),
    { name: 'TIEBEAM_HTTP_PORT', value: String(healthPort) },
    { name: 'TIEBEAM_DRAIN_MS', value: String(drainMs) },
    { name: 'TIEBEAM_STOP_MS', value: String(drainMs + HAND_OVER_MS) },
    ...(tables === 'kubernetes'
      ? [
          { name: 'TIEBEAM_TABLES_AUTHORITY', value: tables },
          { name: 'TIEBEAM_TABLES_LEASE', value: leaseName(name) },
        ]
      : []),
    { name: 'TIEBEAM_RUN_DIRECTORY', value: `${RUN_MOUNT}/${name}` },
  ]
}

function probe(path: string, periodSeconds: number, failureThreshold: number): Probe {
  return { httpGet: { path, port: 'health' }, periodSeconds, failureThreshold, timeoutSeconds: 2 }
}
