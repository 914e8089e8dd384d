import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { spawnTied } from './child.ts'
import { waitFor } from './wait-for.ts'

export interface ExecResult {
  code: number | null
  stdout: string
  stderr: string
}

/**
 * A network namespace of its own (with mount and host name of its own too), held by one idle process: when that ends,
 * and the kernel ends it with this process, the namespace goes and nothing needs to be tidied up.
 */
export class Namespace {
  readonly #holder: ChildProcess
  readonly #pid: number
  readonly #identity: string

  private constructor(holder: ChildProcess, pid: number) {
    this.#holder = holder
    this.#pid = pid
    this.#identity = readlinkSync(`/proc/${pid}/ns/net`)
  }

  static async create(): Promise<Namespace> {
    const holder = spawnTied('unshare', ['--net', '--mount', '--uts', 'sh', '-c', 'echo ready && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await Promise.race([
      once(holder.stdout as NonNullable<typeof holder.stdout>, 'data'),
      once(holder, 'exit').then(() => {
        throw new Error('no network namespace can be made here: needs root on Linux, and unshare of util-linux')
      }),
    ])
    return new Namespace(holder, holder.pid as number)
  }

  /** Process id of the holder, by which `ip link set … netns PID` names the namespace. */
  get holderPid(): number {
    return this.#pid
  }

  /** Starts a program inside. Its `pid` is the program's own; it is killed with the namespace and with this process. */
  readonly spawn = (command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess => {
    const enter = ['--target', String(this.#pid), '--net', '--mount', '--uts']
    // nsenter changes to the root of the other mount namespace; --wdns gives the working directory there.
    const folder = options.cwd === undefined ? process.cwd() : String(options.cwd)
    return spawnTied('nsenter', [...enter, `--wdns=${folder}`, command, ...args], { ...options, cwd: '/' })
  }

  /** Runs a program inside to its end. */
  async exec(command: string, args: readonly string[] = [], input = ''): Promise<ExecResult> {
    const child = this.spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const output = { stdout: '', stderr: '' }
    child.stdout?.on('data', (chunk) => {
      output.stdout += chunk
    })
    child.stderr?.on('data', (chunk) => {
      output.stderr += chunk
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
    const [code] = await once(child, 'close')
    return { code, ...output }
  }

  /** Runs a shell script inside; throws when one of its commands fails. */
  async script(lines: readonly string[]): Promise<void> {
    const { code, stderr } = await this.exec('sh', ['-e'], lines.join('\n'))
    if (code !== 0) throw new Error(`in a namespace: ${lines.join('; ')}\n${stderr}`)
  }

  /** SIGKILL for every process inside but the holder: the power cut of that machine. */
  async killAll(): Promise<void> {
    await waitFor(
      () => {
        const inside = this.#processes()
        for (const pid of inside) {
          try {
            process.kill(pid, 'SIGKILL')
          } catch {
            // Ended by itself meanwhile.
          }
        }
        return inside.length === 0
      },
      { what: 'the end of all processes in a namespace' },
    )
  }

  async destroy(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return
    await this.killAll()
    const exit = once(this.#holder, 'exit')
    this.#holder.kill('SIGKILL')
    await exit
  }

  #processes(): number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== this.#pid && this.#isInside(pid))
  }

  #isInside(pid: number): boolean {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`) === this.#identity
    } catch {
      return false
    }
  }
}

/** One machine of a `Network`. */
export class Host {
  readonly name: string
  readonly #namespace: Namespace
  #ipv4: string
  #ipv6: string

  constructor(name: string, namespace: Namespace, ipv4: string, ipv6: string) {
    this.name = name
    this.#namespace = namespace
    this.#ipv4 = ipv4
    this.#ipv6 = ipv6
  }

  get ipv4(): string {
    return this.#ipv4
  }

  get ipv6(): string {
    return this.#ipv6
  }

  /** Starts a program on this host; usable as the `spawn` of the other launchers. */
  get spawn(): Namespace['spawn'] {
    return this.#namespace.spawn
  }

  /** Process id of the idle process that holds the host's namespace, by which `ip link … netns PID` names it. */
  get holderPid(): number {
    return this.#namespace.holderPid
  }

  /** Runs a program on this host to its end. */
  exec(command: string, args: readonly string[] = [], input = ''): Promise<ExecResult> {
    return this.#namespace.exec(command, args, input)
  }

  /** Kills every process on this host at once, as a power cut does. The host itself stays, and can start others. */
  crash(): Promise<void> {
    return this.#namespace.killAll()
  }

  /** Gives the host other addresses, as a pod that returns has; the old ones are gone, with no word to anyone. */
  async setAddresses(ipv4: string, ipv6: string): Promise<void> {
    await this.#namespace.script([
      `ip address del ${this.#ipv4}/24 dev eth0`,
      `ip address del ${this.#ipv6}/64 dev eth0`,
      `ip address add ${ipv4}/24 dev eth0`,
      `ip address add ${ipv6}/64 dev eth0 nodad`,
    ])
    this.#ipv4 = ipv4
    this.#ipv6 = ipv6
  }
}
