/** A rule of a Role, as RBAC has it. */
export interface RoleRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

/**
 * What the service account of the pods must be allowed in their namespace, and no more.
 * @param name of the Lease
 */
export function kubernetesAuthorityRules(name: string): RoleRule[] {
  return [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [name], verbs: ['get', 'update'] },
    // An object that is not there yet has no name to restrict the rule to. It is not needed where the Lease was made beforehand.
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
  ]
}
