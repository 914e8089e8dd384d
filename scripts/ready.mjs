/**
 * Makes the checkout ready to run: installs when the lock file and node_modules differ, then builds what is stale.
 * When nothing is, it costs a fraction of a second.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pruneOutputs } from './layout.mjs'
import { root, runInstalled, runNpm } from './processes.mjs'

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, link?: boolean }} LockEntry
 * @typedef {{ packages?: Record<string, LockEntry> }} LockFile
 */

/**
 * Whether npm's record of what it installed lacks anything that the lock file asks for.
 * Optional entries may be missing: they are other platforms' binaries.
 *
 * @param {LockFile | undefined} lock package-lock.json
 * @param {LockFile | undefined} installed node_modules/.package-lock.json, which npm keeps
 */
export function installIsStale(lock, installed) {
  if (!installed?.packages) return true
  for (const [location, wanted] of Object.entries(lock?.packages ?? {})) {
    if (!location.includes('node_modules/')) continue
    const found = installed.packages[location]
    if (found === undefined) {
      if (wanted.optional || wanted.devOptional) continue
      return true
    }
    if (found.version !== wanted.version || found.integrity !== wanted.integrity) return true
  }
  return false
}

/**
 * @param {string} folder
 * @param {string} file
 * @returns {LockFile | undefined}
 */
function readLock(folder, file) {
  try {
    return JSON.parse(readFileSync(path.join(folder, file), 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Installs the packages of a folder when its node_modules is missing or older than its lock file.
 *
 * @param {string} [folder]
 */
export async function install(folder = root) {
  const lock = readLock(folder, 'package-lock.json')
  const installed = readLock(folder, 'node_modules/.package-lock.json')
  if (lock && !installIsStale(lock, installed)) return
  const where = path.relative(root, folder)
  console.error(`Installing packages${where && ` of ${where}`} …`)
  // Not `npm ci`: it wants other platforms' binaries in the lock file, which not every registry knows. Without saving,
  // `npm install` takes the versions of the lock file just the same, and leaves the file alone.
  const { status } = await runNpm(['install', '--no-save', '--no-audit', '--no-fund'], { cwd: folder })
  if (status !== 0) throw new Error(`npm could not install the packages (status ${status}); its output is above`)
}

/**
 * Compiles what is stale, and removes outputs whose sources are gone.
 *
 * @param {readonly string[]} [projects] folders of tsconfig.json files; all when left out
 */
export async function build(projects = []) {
  const { status } = await runInstalled('typescript/bin/tsc', ['-b', ...projects])
  if (status !== 0) throw new Error('the build failed; the errors are above')
  pruneOutputs(root)
}

/** @param {readonly string[]} [projects] as of {@link build} */
export async function ready(projects) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Tiebeam needs Node 20.19 or newer; this is ${process.versions.node}`)
  }
  await install()
  await build(projects)
}

/**
 * Runs a script's main function: a thrown error becomes one line and status 1.
 *
 * @param {() => Promise<number>} main returns the exit status
 */
export async function runMain(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
