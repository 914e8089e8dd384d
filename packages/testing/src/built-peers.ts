import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The Go module `peers/<name>`. A peer that no package manager has, built from source into a cache outside of the repository. */
export interface BuiltPeer {
  readonly name: string
  /** Where the program is, or will be. The path changes with the sources, so that a stale build is never used. */
  readonly path: string
  readonly built: boolean
}

const peersFolder = fileURLToPath(new URL('../../../../peers', import.meta.url))
const names = ['kube-apiserver', 'porcupine'] as const

export type BuiltPeerName = (typeof names)[number]

/** All peers that `npm run peers` builds. */
export function builtPeers(): BuiltPeer[] {
  return names.map(builtPeer)
}

export function isBuiltPeer(name: string): name is BuiltPeerName {
  return (names as readonly string[]).includes(name)
}

export function builtPeer(name: BuiltPeerName): BuiltPeer {
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(join(peersFolder, name, file)))
  const cache = process.env.TIEBEAM_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tiebeam')
  const path = join(cache, 'peers', `${name}-${hash.digest('hex').slice(0, 16)}`, name)
  return { name, path, built: existsSync(path) }
}

/**
 * Compiles a peer with the Go of this machine, which may take minutes. Does nothing when it is there.
 * @throws Error when there is no Go, or when it fails
 */
export function buildPeer({ name, path, built }: BuiltPeer): void {
  if (built) return
  const folder = join(peersFolder, name)
  mkdirSync(join(path, '..'), { recursive: true })
  // Renamed when it is whole, so that a build which was cut short leaves nothing that looks like a program.
  const unfinished = `${path}.${process.pid}`
  const args = [
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    `-s -w ${kubernetesStamp(folder)}`,
    '-o',
    unfinished,
    '.',
  ]
  const env = { ...process.env, CGO_ENABLED: '0' }
  const { status, error } = spawnSync('go', args, { cwd: folder, stdio: 'inherit', env })
  if (error !== undefined) {
    throw new Error(`${name} is built with Go, which cannot be started (https://go.dev/dl/): ${error.message}`)
  }
  if (status !== 0) throw new Error(`go build of ${name} failed (status ${status}); its output is above`)
  renameSync(unfinished, path)
}

/** Kubernetes has its version put in by its linker, and tells it to its clients; nothing for a module without it. */
function kubernetesStamp(folder: string): string {
  const version = /^\tk8s\.io\/kubernetes (v(\d+)\.(\d+)\S*)$/m.exec(readFileSync(join(folder, 'go.mod'), 'utf8'))
  if (version === null) return ''
  const [, gitVersion = '', major = '', minor = ''] = version
  return Object.entries({ gitVersion, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' })
    .map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)
    .join(' ')
}
