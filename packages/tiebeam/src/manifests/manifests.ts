import { stringify } from 'yaml'
import { TiebeamError } from '../errors.ts'
import { role, roleBinding, rulesOf, serviceAccount } from './access.ts'
import { deployment } from './deployment.ts'
import { type ManifestsInit, type ManifestsOptions, manifestsOptions } from './init.ts'
import type { AnyManifest, ManifestKind, SecretManifest } from './kinds.ts'
import { cookieSecretName, metadataOf } from './metadata.ts'
import { disruptionBudget, headlessService, networkPolicy } from './network.ts'
import { manifestKinds } from './order.ts'

/**
 * What Kubernetes needs to run the app as a cluster, in the order to create it in.
 * @throws TiebeamError `OPTION_INVALID`
 */
export function manifests(init: ManifestsInit): AnyManifest[] {
  const options = manifestsOptions(init)
  // An app that asks nothing of the API server needs no role.
  const needless: readonly ManifestKind[] = rulesOf(options).length === 0 ? ['Role', 'RoleBinding'] : []
  return manifestKinds
    .filter((kind) => options.only.has(kind) && !needless.includes(kind))
    .map((kind) => builders[kind](options))
}

/** As one YAML stream, which `kubectl apply -f -` reads. */
export function toYaml(objects: readonly AnyManifest[]): string {
  return objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
}

/** As one JSON object of the kind List, which `kubectl apply -f -` reads. */
export function toJson(objects: readonly AnyManifest[]): string {
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, undefined, 2)}\n`
}

const builders: Readonly<Record<ManifestKind, (options: ManifestsOptions) => AnyManifest>> = {
  ServiceAccount: serviceAccount,
  Role: role,
  RoleBinding: roleBinding,
  Secret: cookieSecret,
  Service: headlessService,
  NetworkPolicy: networkPolicy,
  PodDisruptionBudget: disruptionBudget,
  Deployment: deployment,
}

function cookieSecret(options: ManifestsOptions): SecretManifest {
  const { name, cookie } = options
  if (cookie === undefined) {
    throw new TiebeamError('OPTION_INVALID', 'The Secret needs a cookie: there is no default that all the world knows.')
  }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(options, cookieSecretName(name)),
    type: 'Opaque',
    stringData: { cookie },
  }
}
