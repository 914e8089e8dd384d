import { execFile } from 'node:child_process'
import type { ExecPlugin } from '../../config/kube-config.ts'
import { KubernetesError } from '../../errors.ts'
import { type ExecClusterInfo, type ExecCredential, execInfo, parseExecCredential } from '../exec-credential.ts'

/** For plugins that open a browser or ask a slow identity provider. */
const EXEC_MS = 60_000
const OUTPUT_BYTES_MAX = 1024 * 1024
/** Of what a failing plugin wrote to standard error. */
const COMPLAINT_CHARACTERS_MAX = 500

/**
 * Runs a plugin once.
 * @throws KubernetesError `CREDENTIAL_UNAVAILABLE`
 */
export async function runExecPlugin(plugin: ExecPlugin, cluster: ExecClusterInfo): Promise<ExecCredential> {
  if (plugin.interactiveMode === 'Always') {
    throw unavailable(plugin, 'it must ask at a terminal (interactiveMode: Always), and an application has none')
  }
  const env = { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: execInfo(plugin, cluster) }
  const output = await new Promise<string>((resolve, reject) => {
    const options = { env, timeout: EXEC_MS, maxBuffer: OUTPUT_BYTES_MAX, killSignal: 'SIGKILL' } as const
    const child = execFile(plugin.command, plugin.args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(unavailable(plugin, complaintOf(plugin, error, stderr), error))
    })
    child.stdin?.end()
  })
  return parseExecCredential(plugin, output)
}

function complaintOf(plugin: ExecPlugin, error: Error & { code?: unknown; killed?: boolean }, stderr: string): string {
  if (error.code === 'ENOENT') {
    return `there is no such program${plugin.installHint === undefined ? '' : `. ${plugin.installHint.trim()}`}`
  }
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `it printed more than ${OUTPUT_BYTES_MAX} bytes`
  if (error.killed === true) return `it did not end within ${EXEC_MS} ms`
  const said = stderr.trim().slice(-COMPLAINT_CHARACTERS_MAX)
  return `it ended with ${String(error.code ?? 'a signal')}${said === '' ? '' : ` and said: ${said}`}`
}

function unavailable(plugin: ExecPlugin, complaint: string, cause?: unknown): KubernetesError {
  return new KubernetesError(
    'CREDENTIAL_UNAVAILABLE',
    `The exec plugin ${plugin.command} gave no credential: ${complaint}.`,
    { cause },
  )
}
