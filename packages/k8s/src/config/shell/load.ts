import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { KubernetesError, messageOf } from '../../errors.ts'
import { inClusterConfig, SERVICE_ACCOUNT_FOLDER } from '../in-cluster.ts'
import type { KubeConfig } from '../kube-config.ts'
import { type KubeconfigDocument, kubeconfigContext } from '../kubeconfig.ts'

export interface LoadConfigInit {
  /** Path of a kubeconfig. Default: KUBECONFIG, which may list several, then `~/.kube/config`, then the pod's service account. */
  readonly kubeconfig?: string
  /** A context of the kubeconfig. Default: its `current-context`. */
  readonly context?: string
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Where the kubelet mounts the service account. */
  readonly serviceAccountFolder?: string
}

/**
 * Finds the configuration as `kubectl` does.
 * @throws KubernetesError `CONFIG_MISSING`, `CONFIG_INVALID`
 */
export async function loadConfig(init: LoadConfigInit = {}): Promise<KubeConfig> {
  const { env = process.env } = init
  const named = init.kubeconfig === undefined ? (env.KUBECONFIG ?? '').split(delimiter) : [init.kubeconfig]
  const paths = named.filter((path) => path !== '')
  const documents = await readDocuments(paths.length > 0 ? paths : [join(env.HOME ?? homedir(), '.kube', 'config')])
  if (documents.length > 0) return kubeconfigContext(documents, init.context)
  if (paths.length > 0) {
    throw new KubernetesError(
      'CONFIG_MISSING',
      `There is no kubeconfig at ${paths.join(', ')}. Check KUBECONFIG or the option kubeconfig.`,
    )
  }
  const pod = await loadInClusterConfig(init)
  if (pod !== undefined) return pod
  throw new KubernetesError(
    'CONFIG_MISSING',
    'There is no kubeconfig (KUBECONFIG, ~/.kube/config), and this is no pod (KUBERNETES_SERVICE_HOST). Set one of them.',
  )
}

/** The configuration of a pod, by its environment and its service account; undefined outside of one. */
export async function loadInClusterConfig(
  init: Pick<LoadConfigInit, 'env' | 'serviceAccountFolder'> = {},
): Promise<KubeConfig | undefined> {
  const { env = process.env, serviceAccountFolder = SERVICE_ACCOUNT_FOLDER } = init
  const namespace = await readFile(join(serviceAccountFolder, 'namespace'), 'utf8').catch(() => undefined)
  return inClusterConfig({ env, folder: serviceAccountFolder, namespace })
}

/** Files that do not exist are passed over, as `kubectl` does. */
async function readDocuments(paths: readonly string[]): Promise<KubeconfigDocument[]> {
  const documents: KubeconfigDocument[] = []
  for (const path of paths) {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
      throw new KubernetesError('CONFIG_INVALID', `${path} cannot be read: ${messageOf(error)}`, { cause: error })
    }
    documents.push({ path, folder: dirname(resolve(path)), content: await parse(path, text) })
  }
  return documents
}

async function parse(path: string, text: string): Promise<unknown> {
  // Only here: a pod has no kubeconfig, and need not load a parser of YAML.
  const yaml = await import('yaml')
  try {
    return yaml.parse(text)
  } catch (error) {
    // The message of the parser quotes the line, which may hold a token; its first line does not.
    const [what = ''] = messageOf(error).split('\n')
    throw new KubernetesError('CONFIG_INVALID', `${path} is not YAML: ${what.replace(/:$/, '')}.`)
  }
}
