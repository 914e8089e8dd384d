import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Child, type Host, type Scope, waitFor } from '@tiebeam/testing'
import type { ReplicaInit, ReplicaLine } from './replica-protocol.ts'

const program = fileURLToPath(new URL('./replica.js', import.meta.url))

type Status = Extract<ReplicaLine, { type: 'status' }>
type Left = Extract<ReplicaLine, { type: 'left' }>

/** A replica that runs on a host of the test's network. */
export class ReplicaProcess {
  readonly name: string
  readonly host: Host
  readonly child: Child
  /** Calls of its own that ended as they must not. */
  readonly wrong: string[] = []
  #left: Left | undefined
  #status: Status | undefined

  constructor(scope: Scope, host: Host, init: ReplicaInit) {
    this.name = init.name
    this.host = host
    const child = host.spawn(process.execPath, ['--enable-source-maps', program, JSON.stringify(init)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.child = new Child(scope, child, init.name)
    child.stdin?.on('error', () => {})
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => this.#note(JSON.parse(line)))
  }

  async status(): Promise<Status> {
    this.#status = undefined
    this.child.process.stdin?.write('status\n')
    return waitFor(() => this.#status, { what: () => `the status of ${this.name}\n${this.child.output}` })
  }

  /** SIGTERM, as at the end of a pod; resolves when it has left in order. */
  async terminate(): Promise<Left> {
    this.child.signal('SIGTERM')
    await this.child.exited
    if (this.#left === undefined) throw new Error(`${this.name} did not leave:\n${this.child.output}`)
    return this.#left
  }

  #note(line: ReplicaLine): void {
    if (line.type === 'status') this.#status = line
    else if (line.type === 'left') this.#left = line
    else if (line.type === 'wrong') this.wrong.push(line.what)
  }
}
