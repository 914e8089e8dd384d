import type { ManifestsOptions } from './init.ts'
import type { AnyManifest, LabelSelector } from './kinds.ts'

/** Of every object of the app, and what selects its pods. */
export function labelsOf({ name }: ManifestsOptions): Record<string, string> {
  return { 'app.kubernetes.io/name': name }
}

export function podSelector(options: ManifestsOptions): LabelSelector {
  return { matchLabels: labelsOf(options) }
}

export function metadataOf(options: ManifestsOptions, name: string = options.name): AnyManifest['metadata'] {
  const { namespace } = options
  return { name, ...(namespace !== undefined && { namespace }), labels: labelsOf(options) }
}

/** Name of the Secret that holds the cookie, under the key `cookie`. */
export function cookieSecretName(name: string): string {
  return `${name}-cookie`
}
