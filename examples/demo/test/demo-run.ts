import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort, type Scope, spawnTied, waitFor } from '@tiebeam/testing'

/** All steps of the demo, on a machine that does much else at the time. */
const saysMs = 600_000

const main = fileURLToPath(new URL('../src/main.js', import.meta.url))

/** The demo as a process of its own, with its output piped and an EPMD port of its own. */
export class DemoRun {
  readonly epmdPort: number
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  #status: number | NodeJS.Signals | null = null

  private constructor(child: ChildProcess, epmdPort: number) {
    this.child = child
    this.epmdPort = epmdPort
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    child.on('close', (code, signal) => {
      this.#status = code ?? signal
    })
  }

  static async start(scope: Scope, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<DemoRun> {
    const port = Number(env.ERL_EPMD_PORT ?? (await freePort()))
    const child = spawnTied(process.execPath, [main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ERL_EPMD_PORT: String(port), ...env },
    })
    const run = new DemoRun(child, port)
    scope.after(() => run.kill())
    return run
  }

  /** Exit status, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.#status === null) await once(this.child, 'close')
    return this.#status
  }

  async says(pattern: RegExp): Promise<RegExpMatchArray> {
    return waitFor(
      () => {
        const match = this.stdout.match(pattern)
        if (!match && this.#status !== null) throw new Error(`it ended without saying ${pattern}:\n${this.stdout}`)
        return match
      },
      { timeoutMs: saysMs, what: () => `the demo saying ${pattern}; it said:\n${this.stdout}${this.stderr}` },
    )
  }

  /** The processes that the demo has told of so far. */
  get members(): number[] {
    return [...this.stdout.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid))
  }

  get alive(): number[] {
    return this.members.filter(isAlive)
  }

  async kill(): Promise<void> {
    if (this.#status !== null) return
    this.child.kill('SIGKILL')
    await this.ended()
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Runs a command of the demo's invitation in a shell, types the lines, and gives what it wrote once that matches. */
export async function type(scope: Scope, command: string, lines: readonly string[], until: RegExp): Promise<string> {
  const child = spawn('sh', ['-c', command.replace(/(?=iex|erl )/, 'exec ')], { stdio: 'pipe' })
  scope.after(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  child.stdin.write(`${lines.join('\n')}\n`)
  await waitFor(() => until.test(output), { what: String(until) }).catch((cause: unknown) => {
    throw new Error(`${command} wrote:\n${output}`, { cause })
  })
  child.stdin.end()
  await once(child, 'close')
  return output
}
