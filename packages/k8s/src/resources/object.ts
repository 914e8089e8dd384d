/**
 * What all objects of the Kubernetes API have, as far as this package reads it. Other fields pass through unharmed.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/
 */
export interface ObjectMeta {
  name?: string | undefined
  /** The server appends random characters and puts the result into `name`. */
  generateName?: string | undefined
  namespace?: string | undefined
  readonly uid?: string | undefined
  /** To be compared for equality only. With it, `replace` fails with `CONFLICT` when another wrote in between. */
  resourceVersion?: string | undefined
  readonly generation?: number | undefined
  /** RFC 3339. */
  readonly creationTimestamp?: string | undefined
  /** RFC 3339. Set once deletion has begun. */
  readonly deletionTimestamp?: string | undefined
  labels?: Record<string, string> | undefined
  annotations?: Record<string, string> | undefined
  finalizers?: string[] | undefined
  ownerReferences?: OwnerReference[] | undefined
  readonly managedFields?: readonly unknown[] | undefined
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** Any object of the API. */
export interface KubernetesObject {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
}

/** An object of which nothing but the common fields is known: a custom resource, say. */
export interface UntypedObject extends KubernetesObject {
  [field: string]: unknown
}

export interface ListMeta {
  readonly resourceVersion?: string
  /** Token of the next page; absent or empty on the last. */
  readonly continue?: string
  /** How many are left after this page, where the server knows. */
  readonly remainingItemCount?: number
}

export interface ListObject<T> {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: ListMeta
  readonly items: readonly T[]
}

/** What the API server answers when it does not do what was asked. */
export interface Status {
  readonly apiVersion?: string
  readonly kind?: 'Status'
  readonly status?: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: StatusDetails
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

export interface StatusCause {
  readonly reason?: string
  readonly message?: string
  /** Path to the field, such as `spec.ports[0].port`. */
  readonly field?: string
}
