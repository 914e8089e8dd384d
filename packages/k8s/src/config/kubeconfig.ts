import { isAbsolute, join } from 'node:path'
import { KubernetesError } from '../errors.ts'
import { Field } from './document.ts'
import type { Credentials, ExecPlugin, KubeConfig, PemSource } from './kube-config.ts'

/** A kubeconfig that was read and parsed as YAML or JSON. */
export interface KubeconfigDocument {
  /** For errors. */
  readonly path: string
  /** What its relative paths are relative to. */
  readonly folder: string
  readonly content: unknown
}

interface Entry {
  readonly field: Field
  readonly folder: string
}

/** What we do not do, and what happens instead if it were passed over in silence: another server, another identity. */
const unsupportedOfCluster = ['proxy-url']
const unsupportedOfUser = ['auth-provider', 'as', 'as-uid', 'as-groups', 'as-user-extra']
const execVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']
/** Name of the extension that holds what a cluster has to say to exec plugins. */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec'

/**
 * The configuration of one context. Several documents are merged as `kubectl` merges them: of entries with the same name the first
 * counts, and the first `current-context`.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 *
 * @param contextName default: `current-context`
 * @throws KubernetesError `CONFIG_INVALID`
 */
export function kubeconfigContext(documents: readonly KubeconfigDocument[], contextName?: string): KubeConfig {
  const roots = documents.map(({ path, folder, content }) => ({ field: new Field(content, path), folder }))
  const where = documents.map(({ path }) => path).join(', ')
  const name = contextName ?? firstText(roots.map(({ field }) => field.field('current-context')))
  if (name === undefined) {
    throw new KubernetesError(
      'CONFIG_INVALID',
      `${where}: there is no current-context. Choose one with kubectl config use-context, or by the option context.`,
    )
  }
  const context = named(roots, 'contexts', 'context', name, where).field
  const clusterName = context.field('cluster').requiredText()
  const cluster = named(roots, 'clusters', 'cluster', clusterName, where)
  const userName = context.field('user').text()
  const user = userName === undefined ? undefined : named(roots, 'users', 'user', userName, where)
  return {
    ...clusterOf(cluster),
    namespace: context.field('namespace').text() ?? 'default',
    ...(user && { credentials: credentialsOf(user, cluster.field) }),
  }
}

function firstText(fields: readonly Field[]): string | undefined {
  for (const field of fields) {
    const text = field.text()
    if (text !== undefined) return text
  }
  return undefined
}

function named(roots: readonly Entry[], list: string, key: string, name: string, where: string): Entry {
  for (const { field, folder } of roots) {
    const found = field
      .field(list)
      .items()
      .find((item) => item.field('name').value === name)
    if (found !== undefined) return { field: found.field(key), folder }
  }
  throw new KubernetesError('CONFIG_INVALID', `${where}: there is no ${key} named ${name} in ${list}.`)
}

function clusterOf({ field, folder }: Entry): Omit<KubeConfig, 'namespace' | 'credentials'> {
  refuse(field, unsupportedOfCluster)
  const server = field.field('server')
  const url = server.requiredText()
  if (!/^https?:$/.test(protocolOf(url))) throw server.invalid('must be a URL with http or https')
  const certificateAuthority = pemOf(field, folder, 'certificate-authority')
  const tlsServerName = field.field('tls-server-name').text()
  return {
    server: url,
    ...(certificateAuthority && { certificateAuthority }),
    ...(tlsServerName !== undefined && { tlsServerName }),
    ...(field.field('insecure-skip-tls-verify').flag() && { insecureSkipTlsVerify: true }),
  }
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : ''
}

function credentialsOf({ field, folder }: Entry, cluster: Field): Credentials {
  refuse(field, unsupportedOfUser)
  const clientCertificate = pemOf(field, folder, 'client-certificate')
  const clientKey = pemOf(field, folder, 'client-key')
  if ((clientCertificate === undefined) !== (clientKey === undefined)) {
    throw field.invalid('has one of client-certificate and client-key, and needs both or none')
  }
  const tokenFile = field.field('tokenFile').text()
  const token = field.field('token').text()
  const username = field.field('username').text()
  const exec = field.field('exec')
  return {
    ...(clientCertificate && { clientCertificate }),
    ...(clientKey && { clientKey }),
    ...(tokenFile !== undefined && { tokenFile: resolved(folder, tokenFile) }),
    ...(token !== undefined && { token }),
    ...(username !== undefined && { basic: { username, password: field.field('password').text() ?? '' } }),
    ...(exec.present && { exec: execOf(exec, folder, cluster) }),
  }
}

function execOf(field: Field, folder: string, cluster: Field): ExecPlugin {
  const apiVersion = field.field('apiVersion').requiredText()
  if (!execVersions.includes(apiVersion)) {
    throw field.field('apiVersion').invalid(`is ${apiVersion}; it must be ${execVersions.join(' or ')}`)
  }
  const command = field.field('command').requiredText()
  const installHint = field.field('installHint').text()
  const interactiveMode = field.field('interactiveMode').text() ?? 'IfAvailable'
  if (interactiveMode !== 'Never' && interactiveMode !== 'IfAvailable' && interactiveMode !== 'Always') {
    throw field.field('interactiveMode').invalid('must be Never, IfAvailable or Always')
  }
  const env = field
    .field('env')
    .items()
    .map((item) => [item.field('name').requiredText(), item.field('value').text() ?? ''] as const)
  const extension = cluster
    .field('extensions')
    .items()
    .find((item) => item.field('name').value === EXEC_EXTENSION)
  return {
    apiVersion,
    // As a path relative to the kubeconfig, or else a name for PATH.
    command: command.includes('/') ? resolved(folder, command) : command,
    args: field
      .field('args')
      .items()
      .map((item) => item.text() ?? ''),
    env: Object.fromEntries(env),
    ...(installHint !== undefined && { installHint }),
    provideClusterInfo: field.field('provideClusterInfo').flag(),
    interactiveMode,
    ...(extension && { clusterExtension: extension.field('extension').value }),
  }
}

/** `name-data` in base64 comes before the path `name`. */
function pemOf(field: Field, folder: string, name: string): PemSource | undefined {
  const data = field.field(`${name}-data`)
  const base64 = data.text()
  if (base64 !== undefined) {
    const text = Buffer.from(base64, 'base64').toString('utf8')
    if (!text.includes('-----BEGIN ')) throw data.invalid('must be PEM in base64')
    return { data: text }
  }
  const path = field.field(name).text()
  return path === undefined ? undefined : { file: resolved(folder, path) }
}

function resolved(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path)
}

function refuse(field: Field, names: readonly string[]): void {
  const found = names.find((name) => field.field(name).present)
  if (found !== undefined) throw field.field(found).invalid('is set, which @tiebeam/k8s does not support')
}
