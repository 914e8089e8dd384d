import { KubernetesError } from '../errors.ts'
import type { KubernetesObject } from '../resources/object.ts'
import type { Resource } from '../resources/resource.ts'

/** Values that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface Place {
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  /** Such as `status`. */
  readonly subresource?: string | undefined
}

/**
 * Path of a collection, an object or a subresource. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 * @throws KubernetesError `OPTION_INVALID` for a name that would lead elsewhere.
 */
export function resourcePath<T extends KubernetesObject>(resource: Resource<T>, place: Place): string {
  const group = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`
  const { namespace, name, subresource } = place
  const inNamespace = resource.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : ''
  const object = name === undefined ? '' : `/${segment(name)}`
  const part = subresource === undefined ? '' : `/${segment(subresource)}`
  return `${group}${inNamespace}/${resource.plural}${object}${part}`
}

/** Empty, or with its `?`. */
export function queryString(query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

// The rule of the API server for what may stand in a path.
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/%]/.test(name)) {
    throw new KubernetesError(
      'OPTION_INVALID',
      `${JSON.stringify(name)} cannot be the name of an object: it must not be empty, "." or "..", nor hold "/" or "%".`,
    )
  }
  return encodeURIComponent(name)
}
