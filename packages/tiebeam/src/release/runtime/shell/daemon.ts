/*
 * Part of every release: `node daemon.js LOG COMMAND…` starts the command in a session of its own and returns; its output goes to the log,
 * whose size is bounded. As run_erl does it for `mix release`, but that the log is not what one attaches to.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { LogRotation, rotations } from '../log-rotation.ts'

/** Set in the process that stays. */
const STAYS = 'TIEBEAM_DAEMON_STAYS'
/** Of one file of the log. */
const BYTES_MAX = 10 * 1024 * 1024
/** With the one that is written to. */
const FILES_MAX = 5

const [log = '', command = '', ...args] = process.argv.slice(2)

if (process.env[STAYS] === undefined) detach()
else run()

function detach(): void {
  // Here and not later: whoever typed the command shall see why it fails.
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 })
  closeSync(openSync(log, 'a', 0o600))
  const env = { ...process.env, [STAYS]: '1' }
  spawn(process.execPath, process.argv.slice(1), { detached: true, stdio: 'ignore', cwd: '/', env }).unref()
}

function run(): void {
  const { [STAYS]: _, ...env } = process.env
  let file = openSync(log, 'a', 0o600)
  const rotation = new LogRotation(positive('TIEBEAM_LOG_BYTES_MAX', BYTES_MAX), statSync(log).size)
  const filesMax = positive('TIEBEAM_LOG_FILES_MAX', FILES_MAX)
  const write = (piece: string | Buffer): void => {
    const bytes = Buffer.from(piece)
    // A full disk must not end the app.
    try {
      if (rotation.take(bytes.length)) {
        closeSync(file)
        for (const [from, to] of rotations(log, filesMax)) move(from, to)
        file = openSync(log, filesMax > 1 ? 'a' : 'w', 0o600)
      }
      writeSync(file, bytes)
    } catch {}
  }
  const app = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  app.stdout.on('data', write)
  app.stderr.on('data', write)
  app.once('error', (error) => write(`${command} cannot be started: ${error.message}\n`))
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => app.kill(signal))
}

function positive(variable: string, otherwise: number): number {
  const value = Number(process.env[variable])
  return Number.isInteger(value) && value > 0 ? value : otherwise
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch {
    // There are not yet so many.
  }
}
