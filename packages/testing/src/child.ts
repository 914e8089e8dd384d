import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import { findProgram } from './require-peer.ts'
import type { Scope } from './scope.ts'
import { waitFor } from './wait-for.ts'

/** Starts a program; `spawnTied` here, `Host.spawn` in a network namespace. */
export type Spawn = (command: string, args: readonly string[], options?: SpawnOptions) => ChildProcess

const outputCharactersMax = 256 * 1024

/**
 * Like `spawn` of node:child_process, but on Linux the kernel kills the program when this process ends, even by
 * `kill -9`. (setpriv becomes the program: the pid is the program's own.)
 */
export const spawnTied: Spawn = (command, args, options = {}) => {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined
  if (setpriv === undefined) return spawn(command, args, options)
  return spawn(setpriv, ['--pdeathsig', 'KILL', command, ...args], options)
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A running program with its output kept for error messages, which is killed when its scope ends. */
export class Child {
  readonly process: ChildProcess
  /** Resolves when the program has ended and its output is read; never rejects. */
  readonly exited: Promise<Exit>
  readonly #name: string
  #output = ''
  #running = true

  constructor(scope: Scope, process: ChildProcess, name: string) {
    this.process = process
    this.#name = name
    const collect = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-outputCharactersMax)
    }
    process.stdout?.on('data', collect)
    process.stderr?.on('data', collect)
    this.exited = new Promise((resolve) => {
      process.once('error', (error) => {
        this.#output += String(error)
        this.#running = false
        resolve({ code: null, signal: null })
      })
      process.once('exit', () => {
        this.#running = false
      })
      process.once('close', (code, signal) => resolve({ code, signal }))
    })
    scope.after(() => this.kill())
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error(`${this.#name} did not start: ${this.#output}`)
    return this.process.pid
  }

  get running(): boolean {
    return this.#running
  }

  /** The last 256 Ki characters of standard output and standard error, mixed. */
  get output(): string {
    return this.#output
  }

  /** Sends a signal to the program (not to its children). */
  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.process.kill(signal)
  }

  /** SIGKILL, and waits until it is gone. Any number of times. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    // Standard output may be held open by a grandchild, so the end of the program counts, not that of its output.
    await waitFor(() => !this.#running, { what: `the end of ${this.#name} after SIGKILL` })
  }

  /** Waits for output that matches; fails when the program ends before. Returns the match. */
  async waitForOutput(pattern: RegExp, timeoutMs = 120_000): Promise<RegExpMatchArray> {
    return waitFor(
      () => {
        const match = this.#output.match(pattern)
        if (match === null && !this.#running) throw new Error(`${this.#name} ended early. Its output:\n${this.#output}`)
        return match
      },
      { timeoutMs, what: () => `${pattern} in the output of ${this.#name}, which was:\n${this.#output}` },
    )
  }
}
