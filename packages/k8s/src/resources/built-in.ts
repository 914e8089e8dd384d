import type { KubernetesObject } from './object.ts'
import { defineResource } from './resource.ts'

/*
 * The kinds that Tiebeam itself works with, and of each what is read or written here. Anything else is described with
 * `defineResource`, and typed by the application or by a package of types such as kubernetes-types.
 */

export interface Namespace extends KubernetesObject {}

export interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>
  /** Base64. */
  binaryData?: Record<string, string>
  immutable?: boolean
}

export interface Pod extends KubernetesObject {
  spec?: PodSpec
  status?: PodStatus
}

export interface PodSpec {
  containers: { name: string; image?: string; [field: string]: unknown }[]
  nodeName?: string | undefined
  hostname?: string | undefined
  subdomain?: string | undefined
  [field: string]: unknown
}

export interface PodStatus {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown' | undefined
  podIP?: string | undefined
  podIPs?: { ip: string }[] | undefined
  conditions?: { type: string; status: 'True' | 'False' | 'Unknown'; [field: string]: unknown }[]
  [field: string]: unknown
}

/** https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/ */
export interface EndpointSlice extends KubernetesObject {
  addressType: 'IPv4' | 'IPv6' | 'FQDN'
  endpoints: Endpoint[]
  ports?: { name?: string; port?: number; protocol?: string }[]
}

export interface Endpoint {
  addresses: string[]
  hostname?: string
  nodeName?: string
  zone?: string
  /** An absent `ready` counts as true. */
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
  targetRef?: { kind?: string; name?: string; namespace?: string; uid?: string }
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
export interface Lease extends KubernetesObject {
  spec?: {
    holderIdentity?: string
    leaseDurationSeconds?: number
    /** RFC 3339 with microseconds. */
    acquireTime?: string
    /** RFC 3339 with microseconds. */
    renewTime?: string
    leaseTransitions?: number
  }
}

export const namespaces = defineResource<Namespace>({
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
})
export const configMaps = defineResource<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' })
export const pods = defineResource<Pod>({ apiVersion: 'v1', kind: 'Pod', plural: 'pods' })
export const endpointSlices = defineResource<EndpointSlice>({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
})
export const leases = defineResource<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' })
