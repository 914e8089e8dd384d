import { KubernetesError } from '../errors.ts'
import type { KubernetesObject } from './object.ts'

/** A kind of objects, and where the API server has them. Only types tell what `T` is. */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  /** `v1` for the core group, else `group/version`. */
  readonly apiVersion: string
  readonly kind: string
  /** Name in URLs: lower case and plural. */
  readonly plural: string
  readonly namespaced: boolean
  /** Never there; ties the resource to the type of its objects. */
  readonly objectType?: T
}

export interface ResourceInit {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  /** Default true. */
  readonly namespaced?: boolean
}

/**
 * Describes a kind of objects, such as a custom resource:
 * `defineResource<Shop>({ apiVersion: 'example.com/v1', kind: 'Shop', plural: 'shops' })`.
 * @throws KubernetesError `OPTION_INVALID`
 */
export function defineResource<T extends KubernetesObject>(init: ResourceInit): Resource<T> {
  const { apiVersion, kind, plural, namespaced = true } = init
  check(/^([a-z0-9.-]+\/)?v[a-z0-9]+$/.test(apiVersion), 'apiVersion', apiVersion, "such as 'v1' or 'apps/v1'")
  check(/^[A-Z][A-Za-z0-9]*$/.test(kind), 'kind', kind, "such as 'Pod'")
  check(/^[a-z][a-z0-9-]*$/.test(plural), 'plural', plural, "in lower case, such as 'pods'")
  return { apiVersion, kind, plural, namespaced }
}

function check(valid: boolean, option: string, value: unknown, allowed: string): void {
  if (valid) return
  throw new KubernetesError(
    'OPTION_INVALID',
    `defineResource: ${option} is ${JSON.stringify(value)}; it must be ${allowed}.`,
  )
}
