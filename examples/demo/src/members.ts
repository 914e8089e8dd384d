import { type ChildProcess, fork, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Order, Report } from './member-messages.ts'

const stderrCharactersMax = 4000

export type MemberEvent = Report | { type: 'ended'; how: string } | { type: 'missing'; program: string }
export type Observer = (member: Member, event: MemberEvent) => void

/** A child process that is one node of the cluster. */
export abstract class Member {
  readonly name: string
  /** The nodes that this one says it is connected to. */
  readonly connected = new Set<string>()
  protected readonly child: ChildProcess
  readonly #observe: Observer
  #stderr = ''
  #runtime: string | undefined
  #ended: string | undefined
  #endExpected = false

  protected constructor(name: string, child: ChildProcess, observe: Observer) {
    this.name = name
    this.child = child
    this.#observe = observe
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrCharactersMax)
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') this.observed({ type: 'missing', program: child.spawnfile })
      this.#end(error.message)
    })
    // 'close' comes after the last of stderr, which is what explains the end.
    child.on('close', (code, signal) => this.#end(signal ? `by signal ${signal}` : `with status ${code}`))
  }

  /** Tells the node to leave the cluster and end. */
  protected abstract leave(): void

  get pid(): number | undefined {
    return this.child.pid
  }

  /** What runs the node, once it is up. */
  get runtime(): string | undefined {
    return this.#runtime
  }

  /** How the process ended, once it did. */
  get ended(): string | undefined {
    return this.#ended
  }

  get endedUnexpectedly(): boolean {
    return this.#ended !== undefined && !this.#endExpected
  }

  get stderr(): string {
    return this.#stderr.trim()
  }

  /** SIGKILL: the process gets no chance to say goodbye. */
  kill(): void {
    this.#endExpected = true
    this.child.kill('SIGKILL')
  }

  /** Resolves when the process has ended, which is after `timeoutMs` at the latest. */
  async stop(timeoutMs: number): Promise<void> {
    this.#endExpected = true
    if (this.#ended !== undefined) return
    const closed = new Promise((resolve) => this.child.once('close', resolve))
    this.leave()
    const timer = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs)
    await closed
    clearTimeout(timer)
  }

  protected observed(event: MemberEvent): void {
    if (event.type === 'up') this.#runtime = event.runtime
    if (event.type === 'nodeup') this.connected.add(event.node)
    if (event.type === 'nodedown') this.connected.delete(event.node)
    this.#observe(this, event)
  }

  #end(how: string): void {
    if (this.#ended !== undefined) return
    this.#ended = how
    this.connected.clear()
    this.observed({ type: 'ended', how })
  }
}

export class TypeScriptMember extends Member {
  constructor(order: Extract<Order, { type: 'start' }>, observe: Observer) {
    const program = fileURLToPath(new URL('./member.js', import.meta.url))
    const child = fork(program, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: ['--enable-source-maps'] })
    super(order.name, child, observe)
    child.on('message', (report: Report) => this.observed(report))
    this.order(order)
  }

  order(order: Order): void {
    // A member that has just died cannot be told anything; that it died is reported by itself.
    this.child.send(order, () => {})
  }

  protected override leave(): void {
    this.order({ type: 'stop' })
  }
}

export interface OtpMemberInit {
  name: string
  address: string
  cookie: string
  epmdPort: number
}

/** An Erlang node as Ericsson made it; erlang/greeter.erl is all that is loaded into it. */
export class OtpMember extends Member {
  constructor({ name, address, cookie, epmdPort }: OtpMemberInit, observe: Observer) {
    const source = fileURLToPath(new URL('../../erlang/greeter.erl', import.meta.url))
    const load = `{ok, M, B} = compile:file(${JSON.stringify(source)}, [binary, report]), {module, M} = code:load_binary(M, "greeter.erl", B), M:start()`
    const interfaceTerm = `{${address.split('.').join(',')}}`
    const args = [
      ...['-noshell', '-name', name, '-setcookie', cookie],
      ...['-start_epmd', 'false', '-kernel', 'inet_dist_use_interface', interfaceTerm],
      // Ctrl-C in a terminal reaches this process too; it is ended by its standard input instead.
      ...['+Bi', '-eval', load],
    ]
    const child = spawn('erl', args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ERL_EPMD_PORT: String(epmdPort), ERL_CRASH_DUMP_SECONDS: '0' },
    })
    super(name, child, observe)
    child.stdin.on('error', () => {})
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(line))
  }

  protected override leave(): void {
    this.child.stdin?.end()
  }

  #read(line: string): void {
    const [kind, first = '', ...rest] = line.split(' ')
    const text = rest.join(' ')
    if (kind === 'up') this.observed({ type: 'up', runtime: `${first} ${text}` })
    else if (kind === 'nodeup') this.observed({ type: 'nodeup', node: first })
    else if (kind === 'nodedown') this.observed({ type: 'nodedown', node: first, reason: text })
    else if (kind === 'greeted') this.observed({ type: 'greeted', by: first, text })
  }
}
