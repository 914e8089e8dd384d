import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { NodeEngineStatus } from '@tiebeam/tables'
import { Child, type Host, type Scope, waitFor } from '@tiebeam/testing'
import type { Operation } from './list-append.ts'
import type { MemberInit, MemberLine } from './member-protocol.ts'

const program = fileURLToPath(new URL('./member.js', import.meta.url))

type Invoked = Extract<MemberLine, { type: 'invoked' }>
type Returned = Extract<MemberLine, { type: 'returned' }>
type Line<Type extends MemberLine['type']> = Extract<MemberLine, { type: Type }>

/** A member of the tables in a process of its own, on a host of the test's network; and what its clients did. */
export class MemberProcess {
  readonly host: Host
  readonly name: string
  readonly child: Child
  readonly logs: string[] = []
  readonly violations: string[] = []
  readonly #invoked = new Map<string, Invoked>()
  readonly #returned = new Map<string, Returned>()
  readonly #answers = new Map<string, MemberLine>()

  constructor(scope: Scope, host: Host, init: MemberInit) {
    this.host = host
    this.name = init.name
    const child = host.spawn(process.execPath, ['--enable-source-maps', program, JSON.stringify(init)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.child = new Child(scope, child, init.name)
    child.stdin?.on('error', () => {})
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => this.#note(JSON.parse(line)))
  }

  get isOpen(): boolean {
    return this.#answers.has('opened')
  }

  get operations(): Operation[] {
    return [...this.#invoked.values()].map((invoked) => {
      const returned = this.#returned.get(invoked.id)
      return {
        client: invoked.client,
        invokedNs: BigInt(invoked.atNs),
        returnedNs: returned === undefined ? undefined : BigInt(returned.atNs),
        outcome: returned?.outcome ?? 'unknown',
        steps: (returned ?? invoked).steps,
      }
    })
  }

  get acknowledged(): number {
    let count = 0
    for (const { outcome } of this.#returned.values()) if (outcome === 'ok') count += 1
    return count
  }

  async status(): Promise<NodeEngineStatus> {
    return (await this.#ask('status')).status
  }

  /** What a client reads after `sync`, which is in the history as well. */
  async lists(): Promise<ReadonlyMap<string, readonly number[]>> {
    return new Map((await this.#ask('lists')).lists)
  }

  /** The same, when nobody waits for it. It may fail. */
  readUnwatched(): void {
    this.child.process.stdin?.write('lists\n')
  }

  /** Resolves when the clients have ended what they were at. */
  async quiet(): Promise<void> {
    await this.#ask('quiet')
  }

  async reset(): Promise<void> {
    await this.#ask('reset')
  }

  /** Leaves the view, and ends. */
  async stop(): Promise<void> {
    this.child.process.stdin?.write('stop\n')
    await this.child.exited
  }

  async #ask<Type extends 'status' | 'lists' | 'quiet' | 'reset'>(type: Type): Promise<Line<Type>> {
    this.#answers.delete(type)
    this.child.process.stdin?.write(`${type}\n`)
    const what = (): string => `${type} of ${this.name}\n${this.logs.slice(-20).join('\n')}`
    return (await waitFor(() => this.#answers.get(type), { what })) as Line<Type>
  }

  #note(line: MemberLine): void {
    if (line.type === 'invoked') this.#invoked.set(line.id, line)
    else if (line.type === 'returned') this.#returned.set(line.id, line)
    else if (line.type === 'log') this.logs.push(`${line.level}: ${line.message}`)
    else if (line.type === 'violation') this.violations.push(line.what)
    else this.#answers.set(line.type, line)
  }
}
