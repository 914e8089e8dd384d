/** Child processes of the repository's own scripts. Only node built-ins: these run before anything is installed. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

/**
 * @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, capture?: boolean }} RunOptions
 * @typedef {{ status: number, output: string }} RunResult
 */

/**
 * Runs a program to its end. Its output goes to ours, or is returned when `capture` is set.
 * A program that cannot be started counts as status 127, and its output says why.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(program, args, { cwd = root, env = process.env, capture = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit' })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    // Ctrl-C reaches the whole group: the child decides how to end. A SIGTERM to us alone is handed on.
    const ignore = () => {}
    const terminate = () => child.kill('SIGTERM')
    process.on('SIGINT', ignore)
    process.on('SIGTERM', terminate)
    const finish = (/** @type {number} */ status) => {
      process.off('SIGINT', ignore)
      process.off('SIGTERM', terminate)
      resolve({ status, output })
    }
    child.on('error', (error) => {
      output += `${program} could not be started: ${error.message}\n`
      if (!capture) process.stderr.write(output)
      finish(127)
    })
    child.on('close', (code, signal) => finish(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
}

/**
 * Runs a JavaScript file of an installed package with this Node, without npx and its start-up time.
 *
 * @param {string} file relative to node_modules
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function runInstalled(file, args, options) {
  return run(process.execPath, [path.join(root, 'node_modules', file), ...args], options)
}

/**
 * Runs npm: the one that started us when there is one, so that its version and settings are kept.
 *
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function runNpm(args, options) {
  const cli = process.env.npm_execpath
  if (cli?.endsWith('.js')) return run(process.execPath, [cli, ...args], options)
  return run('npm', args, options)
}
