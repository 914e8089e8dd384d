import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Spawn } from './child.ts'
import { Child, spawnTied } from './child.ts'
import { startEpmd } from './epmd.ts'
import type { RequestKind } from './peer-channel.ts'
import { ErlangError, PeerChannel } from './peer-channel.ts'
import { findProgram } from './require-peer.ts'
import type { Scope } from './scope.ts'

const peerSource = fileURLToPath(new URL('../../peer/tiebeam_peer.erl', import.meta.url))

export interface ErlInit {
  /** `base@host` makes it a distributed node; without a name it is none, and needs no EPMD. */
  name?: string
  /** With -sname instead of -name. Default false. */
  shortNames?: boolean
  /** Default 'tiebeam'. */
  cookie?: string
  hidden?: boolean
  /** The EPMD to use: a `startEpmd`, or a Tiebeam node's port. Default: a real one, started for this node alone. false: none. */
  epmd?: { port: number } | false
  /** More arguments for `erl`, such as ['-kernel', 'net_ticktime', '8'] or ['-proto_dist', 'inet_tls', …]. */
  args?: readonly string[]
  env?: NodeJS.ProcessEnv
  /** `host.spawn` for a node within a network namespace. */
  spawn?: Spawn
  /** Until it must be up. Default 180,000. */
  startMs?: number
}

export interface EvaluateInit {
  /**
   * Expressions are evaluated one after the other by a process that keeps its variables and its mailbox, 'main'. Any
   * other name is a process of its own, made when first used: for an expression that waits while others go on.
   */
  process?: string
  /** Default 120,000. The evaluation is not stopped by it. */
  timeoutMs?: number
}

/** A real Erlang or Elixir node, for tests. It ends with its scope, and when this process dies. */
export class Erl {
  readonly name: string | undefined
  readonly cookie: string
  /** Port of the EPMD it registered with, if any. */
  readonly epmdPort: number | undefined
  readonly child: Child
  /** 'message' brings the bytes of each `tiebeam_peer:emit(Bytes)`. */
  readonly channel: PeerChannel
  readonly #queues = new Map<string, Promise<unknown>>()

  constructor(child: Child, channel: PeerChannel, about: { name?: string; cookie: string; epmdPort?: number }) {
    this.child = child
    this.channel = channel
    this.name = about.name
    this.cookie = about.cookie
    this.epmdPort = about.epmdPort
  }

  /** The operating system's process id of the emulator. */
  get pid(): number {
    return this.child.pid
  }

  /**
   * Evaluates Erlang expressions (the final dot may be left out) and gives the value as `io_lib:format("~0tp")` prints
   * it. An exception is an `ErlangError` with class, reason and stack.
   */
  async evaluate(expressions: string, init: EvaluateInit = {}): Promise<string> {
    return (await this.#evaluate('e', `${expressions.replace(/[\s.]+$/, '')} .`, init)).toString()
  }

  /** Like `evaluate`, but gives `term_to_binary(Value, [{minor_version, 2}])`. */
  evaluateToBytes(expressions: string, init: EvaluateInit = {}): Promise<Buffer> {
    return this.#evaluate('t', `${expressions.replace(/[\s.]+$/, '')} .`, init)
  }

  /** Evaluates Elixir source and gives what `inspect` prints, without limits. Only for nodes of `startElixir`. */
  async evaluateElixir(source: string, init: EvaluateInit = {}): Promise<string> {
    return (await this.#evaluate('x', source, init)).toString()
  }

  /**
   * Calls `Module:Function(Bytes)` in a process of its own; it gives iodata. The fast way for large amounts of data:
   * nothing is interpreted, and calls run side by side.
   */
  call(module: string, name: string, bytes: Uint8Array, timeoutMs = 600_000): Promise<Buffer> {
    return this.#request('c', `${module}:${name}`, bytes, timeoutMs, `${module}:${name}/1`)
  }

  /** Compiles an Erlang source file within the node and loads it. Nothing is written to disk. */
  async load(source: URL | string): Promise<void> {
    const path = typeof source === 'string' ? source : fileURLToPath(source)
    await this.#request('l', '', Buffer.from(path), 120_000, `compile ${path}`)
  }

  /** Stops the whole process (SIGSTOP): a peer that hangs with its sockets open. */
  suspend(): void {
    this.child.signal('SIGSTOP')
  }

  resume(): void {
    this.child.signal('SIGCONT')
  }

  /** Leaves as `init:stop()` does, with distribution shut down in order; killed if that takes longer than 30 s. */
  async stop(): Promise<void> {
    if (this.child.running) this.evaluate('init:stop()').catch(() => {})
    const late = setTimeout(() => this.child.signal('SIGKILL'), 30_000)
    await this.child.exited
    clearTimeout(late)
  }

  /** SIGKILL. */
  kill(): Promise<void> {
    return this.child.kill()
  }

  // In turn for each process: an expression that receives any message must not find the next request in its mailbox.
  #evaluate(kind: RequestKind, source: string, init: EvaluateInit): Promise<Buffer> {
    const { process = 'main', timeoutMs = 120_000 } = init
    const before = this.#queues.get(process) ?? Promise.resolve()
    const answer = before.then(() => this.channel.request(kind, process, Buffer.from(source)))
    this.#queues.set(
      process,
      answer.catch(() => {}),
    )
    return limit(answer, timeoutMs, source, () => this.child.output)
  }

  #request(kind: RequestKind, name: string, body: Uint8Array, timeoutMs: number, what: string): Promise<Buffer> {
    return limit(this.channel.request(kind, name, body), timeoutMs, what, () => this.child.output)
  }
}

async function limit<T>(answer: Promise<T>, timeoutMs: number, what: string, output: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms: ${what}\n${output()}`)), timeoutMs)
  })
  try {
    return await Promise.race([answer, late])
  } catch (error) {
    // The stack of the caller is worth more than that of the channel.
    if (error instanceof ErlangError) throw new ErlangError(`${what}\n${error.message}`)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Starts `erl` and waits until it evaluates. Ends it when the scope ends. */
export async function startErl(scope: Scope, init: ErlInit = {}): Promise<Erl> {
  const { name, cookie = 'tiebeam', startMs = 180_000 } = init
  const env: NodeJS.ProcessEnv = { ...process.env, ERL_CRASH_DUMP_SECONDS: '0', ...init.env }
  let epmdPort: number | undefined
  if (name !== undefined && init.epmd !== false) {
    epmdPort = (init.epmd ?? (await startEpmd(scope, init.spawn ? { spawn: init.spawn } : {}))).port
    env.ERL_EPMD_PORT = String(epmdPort)
  }
  const child = new Child(
    scope,
    (init.spawn ?? spawnTied)('erl', argumentsOf(init, cookie), { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] }),
    `erl${name === undefined ? '' : ` ${name}`}`,
  )
  const channel = new PeerChannel(child.process.stdio[3] as Duplex)
  void child.exited.then(() => channel.close(new Error(`the Erlang node ended. Its output:\n${child.output}`)))
  const erl = new Erl(child, channel, {
    cookie,
    ...(name !== undefined && { name }),
    ...(epmdPort !== undefined && { epmdPort }),
  })
  await limit(channel.ready, startMs, 'start of erl', () => child.output).catch(async (error) => {
    await child.kill()
    throw new Error(`erl did not start: ${error.message}\n${child.output}`, { cause: error })
  })
  return erl
}

function argumentsOf(init: ErlInit, cookie: string): string[] {
  const { name, args = [] } = init
  // Schedulers that spin while idle take the time of the node they are compared with.
  const all = ['-noinput', '+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none']
  if (name !== undefined) {
    // Never -start_epmd true: the daemon would outlive the test.
    all.push(init.shortNames ? '-sname' : '-name', name, '-setcookie', cookie, '-start_epmd', 'false')
    const host = name.slice(name.indexOf('@') + 1)
    if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) {
      all.push('-kernel', 'inet_dist_use_interface', `{${host.replaceAll('.', ',')}}`)
    }
    if (init.hidden) all.push('-hidden')
  }
  const load =
    `{ok, Module, Code} = compile:file(${JSON.stringify(peerSource)}, [binary]), ` +
    '{module, _} = code:load_binary(Module, "tiebeam_peer", Code), tiebeam_peer:start(3).'
  return [...all, ...args, '-eval', load]
}

/** Starts an Erlang node with Elixir in it; see `evaluateElixir`. */
export function startElixir(scope: Scope, init: ErlInit = {}): Promise<Erl> {
  const elixir = findProgram('elixir')
  if (elixir === undefined) throw new Error('elixir is not installed')
  const libraries = join(dirname(dirname(realpathSync(elixir))), 'lib')
  const paths = ['elixir', 'logger', 'eex', 'iex', 'mix', 'ex_unit'].map((each) => join(libraries, each, 'ebin'))
  const args = [
    '-pa',
    ...paths,
    '-elixir',
    'ansi_enabled',
    'false',
    '-eval',
    '{ok, _} = application:ensure_all_started(elixir).',
  ]
  return startErl(scope, { ...init, args: [...args, ...(init.args ?? [])] })
}
