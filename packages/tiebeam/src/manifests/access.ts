import { kubernetesAuthorityRules } from '@tiebeam/tables'
import type { ManifestsOptions } from './init.ts'
import type { PolicyRule, RoleBindingManifest, RoleManifest, ServiceAccountManifest } from './kinds.ts'
import { metadataOf } from './metadata.ts'

/** Name of the Lease that holds the view of the tables. */
export function leaseName(name: string): string {
  return `${name}-tables`
}

/**
 * What the app asks of the API server, and no more. Nothing at all where pods find each other by DNS and no table keeps its view in a Lease.
 * `create` cannot be bound to a name: the server does not know it yet when it decides.
 */
export function rulesOf({ name, strategy, tables }: ManifestsOptions): PolicyRule[] {
  const rules: PolicyRule[] = []
  if (strategy === 'kubernetes') {
    rules.push({ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] })
    rules.push({ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] })
  }
  if (tables === 'kubernetes') rules.push(...kubernetesAuthorityRules(leaseName(name)))
  return rules
}

/** The identity of the pods. They get its token only if there is something that they may ask. */
export function serviceAccount(options: ManifestsOptions): ServiceAccountManifest {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadataOf(options),
    automountServiceAccountToken: false,
  }
}

export function role(options: ManifestsOptions): RoleManifest {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: metadataOf(options),
    rules: rulesOf(options),
  }
}

export function roleBinding(options: ManifestsOptions): RoleBindingManifest {
  const { name, namespace } = options
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: metadataOf(options),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, ...(namespace !== undefined && { namespace }) }],
  }
}
