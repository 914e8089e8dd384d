import type { KubernetesClient } from '@tiebeam/k8s'
import { TablesError } from '../../errors.ts'

export interface KubernetesOptions {
  /** Name of the Lease: one for each set of tables. */
  readonly name: string
  /** Default: that of the client's configuration, which in a pod is its own. */
  readonly namespace?: string
  /** Default: one of this pod's service account, or of what `kubectl` would use. */
  readonly client?: KubernetesClient
  /** Time for a call, in ms. Default 2,500: a little less than tables wait for an answer. */
  readonly timeoutMs?: number
  /** Where this process runs. Default: from POD_NAME, or HOSTNAME in a pod, and CONTAINER_NAME. */
  readonly pod?: PodOptions
}

export interface PodOptions {
  readonly name: string
  /** Default: that of the client's configuration. */
  readonly namespace?: string
  /** The container of this process. Default: the only one. With several and none named, a restart within the pod proves nothing. */
  readonly container?: string
}

export interface KubernetesSettings {
  readonly name: string
  readonly namespace: string | undefined
  readonly client: KubernetesClient | undefined
  readonly timeoutMs: number
  readonly pod: PodOptions | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** A DNS subdomain, as names of Leases are. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const NAME_CHARACTERS_MAX = 253
/** What `setTimeout` can wait. */
const WAIT_MS_MAX = 0x7fffffff

/** @throws TablesError `OPTION_INVALID` */
export function kubernetesSettings(options: KubernetesOptions, environment: Environment): KubernetesSettings {
  const { name, namespace, client, timeoutMs = 2500, pod = podIn(environment) } = options
  checkName('name', name)
  if (namespace !== undefined) checkName('namespace', namespace)
  if (pod !== undefined) checkName('pod.name', pod.name)
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 1 && timeoutMs <= WAIT_MS_MAX)) {
    throw invalid(`timeoutMs must be a number from 1 to ${WAIT_MS_MAX}`)
  }
  return { name, namespace, client, timeoutMs, pod }
}

function podIn({ POD_NAME, HOSTNAME, CONTAINER_NAME, KUBERNETES_SERVICE_HOST }: Environment): PodOptions | undefined {
  const name = POD_NAME ?? (KUBERNETES_SERVICE_HOST === undefined ? undefined : HOSTNAME)
  if (name === undefined || !isName(name)) return undefined
  return CONTAINER_NAME === undefined ? { name } : { name, container: CONTAINER_NAME }
}

function checkName(option: string, value: unknown): void {
  if (!isName(value)) {
    throw invalid(`${option} is ${JSON.stringify(value)}; it must be a name of Kubernetes, such as tiebeam-tables`)
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= NAME_CHARACTERS_MAX && NAME.test(value)
}

function invalid(problem: string): TablesError {
  return new TablesError('OPTION_INVALID', `kubernetes: ${problem}.`)
}
