import type { ManifestsOptions } from './init.ts'
import type { NetworkPolicyManifest, PodDisruptionBudgetManifest, ServiceManifest } from './kinds.ts'
import { labelsOf, metadataOf, podSelector } from './metadata.ts'

export const EPMD_PORT = 4369

/**
 * The name under which pods find each other. Pods that are not ready are listed too: a node is ready only once it has joined, and joins only
 * those that it finds.
 */
export function headlessService(options: ManifestsOptions): ServiceManifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(options),
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: labelsOf(options),
      ports: [{ name: 'epmd', port: EPMD_PORT, targetPort: 'epmd' }],
    },
  }
}

/**
 * Pods of the app reach each other at every port: a node listens where the system lets it, and EPMD tells. Others reach health and metrics, and
 * the port of the app if it has one.
 */
export function networkPolicy(options: ManifestsOptions): NetworkPolicyManifest {
  const { port, healthPort, metricsFrom } = options
  const health = { protocol: 'TCP', port: healthPort } as const
  const ingress: NetworkPolicyManifest['spec']['ingress'] = [{ from: [{ podSelector: podSelector(options) }] }]
  if (metricsFrom === undefined) ingress.push({ ports: [health] })
  else {
    const [label, value] = metricsFrom
    ingress.push({ from: [{ namespaceSelector: { matchLabels: { [label]: value } } }], ports: [health] })
  }
  if (port !== undefined) ingress.push({ ports: [{ protocol: 'TCP', port }] })
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadataOf(options),
    spec: { podSelector: podSelector(options), policyTypes: ['Ingress'], ingress },
  }
}

/** One pod at a time: while a node of the cluster is drained, the calls of the others find the rest. */
export function disruptionBudget(options: ManifestsOptions): PodDisruptionBudgetManifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(options),
    spec: { maxUnavailable: 1, selector: podSelector(options) },
  }
}
