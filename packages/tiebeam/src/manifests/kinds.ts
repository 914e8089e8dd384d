import type { KubernetesObject } from '@tiebeam/k8s'

/*
 * The resources that `tiebeam manifests` prints, and of each the fields that it sets.
 * https://kubernetes.io/docs/reference/kubernetes-api/
 */

interface Metadata {
  name: string
  namespace?: string
  labels: Record<string, string>
}

interface Manifest extends KubernetesObject {
  apiVersion: string
  kind: string
  metadata: Metadata
}

export interface LabelSelector {
  matchLabels: Record<string, string>
}

export interface ServiceAccountManifest extends Manifest {
  apiVersion: 'v1'
  kind: 'ServiceAccount'
  automountServiceAccountToken: boolean
}

export interface PolicyRule {
  apiGroups: readonly string[]
  resources: readonly string[]
  verbs: readonly string[]
  resourceNames?: readonly string[]
}

export interface RoleManifest extends Manifest {
  apiVersion: 'rbac.authorization.k8s.io/v1'
  kind: 'Role'
  rules: PolicyRule[]
}

export interface RoleBindingManifest extends Manifest {
  apiVersion: 'rbac.authorization.k8s.io/v1'
  kind: 'RoleBinding'
  roleRef: { apiGroup: 'rbac.authorization.k8s.io'; kind: 'Role'; name: string }
  subjects: { kind: 'ServiceAccount'; name: string; namespace?: string }[]
}

export interface SecretManifest extends Manifest {
  apiVersion: 'v1'
  kind: 'Secret'
  type: 'Opaque'
  stringData: Record<string, string>
}

export interface ServiceManifest extends Manifest {
  apiVersion: 'v1'
  kind: 'Service'
  spec: {
    clusterIP: 'None'
    publishNotReadyAddresses: true
    selector: Record<string, string>
    ports: { name: string; port: number; targetPort: string }[]
  }
}

export interface PodDisruptionBudgetManifest extends Manifest {
  apiVersion: 'policy/v1'
  kind: 'PodDisruptionBudget'
  spec: { maxUnavailable: number; selector: LabelSelector }
}

interface NetworkPolicyPeer {
  podSelector?: LabelSelector
  namespaceSelector?: LabelSelector
}

export interface NetworkPolicyManifest extends Manifest {
  apiVersion: 'networking.k8s.io/v1'
  kind: 'NetworkPolicy'
  spec: {
    podSelector: LabelSelector
    policyTypes: 'Ingress'[]
    ingress: { from?: NetworkPolicyPeer[]; ports?: { protocol: 'TCP'; port: number }[] }[]
  }
}

export interface EnvironmentVariable {
  name: string
  value?: string
  valueFrom?: { fieldRef: { fieldPath: string } } | { secretKeyRef: { name: string; key: string } }
}

export interface Probe {
  httpGet: { path: string; port: string }
  periodSeconds: number
  failureThreshold: number
  timeoutSeconds: number
}

export interface Container {
  name: string
  image: string
  ports: { name: string; containerPort: number }[]
  env: EnvironmentVariable[]
  startupProbe: Probe
  livenessProbe: Probe
  readinessProbe: Probe
  lifecycle: { preStop: { sleep: { seconds: number } } }
  resources: { requests: { cpu: string; memory: string }; limits: { memory: string } }
  securityContext: {
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: { drop: ['ALL'] }
  }
  volumeMounts: { name: string; mountPath: string }[]
}

export interface DeploymentManifest extends Manifest {
  apiVersion: 'apps/v1'
  kind: 'Deployment'
  spec: {
    replicas: number
    selector: LabelSelector
    strategy: { type: 'RollingUpdate'; rollingUpdate: { maxSurge: number; maxUnavailable: number } }
    template: {
      metadata: { labels: Record<string, string> }
      spec: {
        serviceAccountName: string
        automountServiceAccountToken: boolean
        terminationGracePeriodSeconds: number
        securityContext: {
          runAsNonRoot: true
          runAsUser: number
          runAsGroup: number
          fsGroup: number
          seccompProfile: { type: 'RuntimeDefault' }
        }
        topologySpreadConstraints: {
          maxSkew: number
          topologyKey: string
          whenUnsatisfiable: 'ScheduleAnyway'
          labelSelector: LabelSelector
        }[]
        containers: Container[]
        volumes: { name: string; emptyDir: { medium?: 'Memory'; sizeLimit: string } }[]
      }
    }
  }
}

export type AnyManifest =
  | ServiceAccountManifest
  | RoleManifest
  | RoleBindingManifest
  | SecretManifest
  | ServiceManifest
  | PodDisruptionBudgetManifest
  | NetworkPolicyManifest
  | DeploymentManifest

export type ManifestKind = AnyManifest['kind']
