import { spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, type Scope, spawnTied } from '@tiebeam/testing'

export const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url))
/** What releases bring along for `stop`, `remote`, `rpc`, `eval` and `pid`. */
export const CONTROL = fileURLToPath(new URL('../../src/control/main.js', import.meta.url))
const NODE_MODULES = fileURLToPath(new URL('../../../../../node_modules', import.meta.url))

/** Generous: it bounds a hang, not the speed. */
const RUN_MS = 300_000

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunInit {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
}

export function scratchFolder(scope: Scope): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tiebeam-command-')))
  scope.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Nothing of the environment of the tests is to decide what the command does. */
export function cleanEnvironment(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TIEBEAM_|RELEASE_|DATAPIO_|NODE_TEST|NO_COLOR|FORCE_COLOR|ERL_)/.test(name),
  )
  return { ...Object.fromEntries(kept), ...env }
}

/** Runs the compiled command to its end. */
export function tiebeam(args: readonly string[], { cwd, env, input }: RunInit = {}): Promise<Ended> {
  return run(process.execPath, [MAIN, ...args], {
    ...(cwd && { cwd }),
    ...(env && { env }),
    ...(input !== undefined && { input }),
  })
}

export function run(program: string, args: readonly string[], { cwd, env, input = '' }: RunInit = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: cleanEnvironment(env),
      stdio: 'pipe',
      timeout: RUN_MS,
      killSignal: 'SIGKILL',
    })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    // A command that does not read may have ended before.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Starts the compiled command, and ends it with the scope. */
export function startTiebeam(scope: Scope, args: readonly string[], { cwd, env }: RunInit = {}): Child {
  const child = spawnTied(process.execPath, [MAIN, ...args], {
    cwd,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new Child(scope, child, `tiebeam ${args.join(' ')}`)
}

/** A new app, which finds the packages of the workspace. */
export async function newApp(scope: Scope, name = 'shop'): Promise<string> {
  const folder = join(scratchFolder(scope), name)
  const { code, stderr } = await tiebeam(['new', folder])
  if (code !== 0) throw new Error(stderr)
  symlinkSync(NODE_MODULES, join(folder, 'node_modules'))
  return folder
}
