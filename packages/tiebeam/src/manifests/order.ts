import type { ManifestKind } from './kinds.ts'

/** In the order in which they are best created: what a pod needs comes before it. */
export const manifestKinds: readonly ManifestKind[] = [
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'Secret',
  'Service',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'Deployment',
]

export function isManifestKind(text: string): text is ManifestKind {
  return (manifestKinds as readonly string[]).includes(text)
}
