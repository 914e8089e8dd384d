import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Child, type Host, type Scope, waitFor } from '@tiebeam/testing'
import { type Member, type MemberInit, memberName } from './member.ts'
import type { Counts, TiebeamInit, TiebeamLine, TiebeamQuestion } from './tiebeam-protocol.ts'

const program = fileURLToPath(new URL('./tiebeam-program.js', import.meta.url))

export class TiebeamMember implements Member {
  readonly kind = 'tiebeam'
  readonly name: string
  readonly host: Host
  readonly child: Child
  readonly links = new Map<string, number>()
  listeningMs = Number.NaN
  #counts: Counts | undefined
  #names: readonly string[] | undefined

  /** Resolves when it listens. */
  static async start(scope: Scope, init: MemberInit): Promise<TiebeamMember> {
    const member = new TiebeamMember(scope, init)
    const { name, child } = member
    await waitFor(() => !Number.isNaN(member.listeningMs) || !child.running, {
      what: () => `${name} to listen:\n${child.output}`,
    })
    if (!child.running) throw new Error(`${name} did not start:\n${child.output}`)
    return member
  }

  private constructor(scope: Scope, init: MemberInit) {
    const { host, cookie, netTickTimeSeconds, service, nameServer, globalNames } = init
    this.name = memberName(host)
    this.host = host
    const given: TiebeamInit = {
      ...{ name: this.name, cookie, service, nameServer, globalNames },
      netTickTimeMs: netTickTimeSeconds * 1000,
    }
    const child = host.spawn(process.execPath, [program, JSON.stringify(given)], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.child = new Child(scope, child, this.name)
    child.stdin?.on('error', () => {})
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => this.#note(JSON.parse(line)))
  }

  async counts(): Promise<Counts> {
    this.#counts = undefined
    this.#ask('counts')
    return waitFor(() => this.#counts, { what: `the counts of ${this.name}` })
  }

  /** Names of members, dead or alive, that stand anywhere in its heap. */
  async namesInHeap(): Promise<readonly string[]> {
    this.#names = undefined
    this.#ask('names')
    return waitFor(() => this.#names, { what: `the names in the heap of ${this.name}` })
  }

  async stop(): Promise<void> {
    this.child.process.stdin?.end()
    await this.child.exited
  }

  #ask(question: TiebeamQuestion): void {
    this.child.process.stdin?.write(`${question}\n`)
  }

  #note(line: TiebeamLine): void {
    switch (line.type) {
      case 'up':
        this.links.set(line.peer, line.atMs)
        return
      case 'down':
        this.links.delete(line.peer)
        return
      case 'listening':
        this.listeningMs = line.atMs
        return
      case 'counts':
        this.#counts = line.counts
        return
      case 'names':
        this.#names = line.names
        return
      case 'log':
        return
    }
  }
}
