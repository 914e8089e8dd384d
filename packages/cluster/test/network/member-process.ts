import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Child, type Host, type Scope, waitFor } from '@tiebeam/testing'
import type { MemberInit, MemberLine } from './member-protocol.ts'

const program = fileURLToPath(new URL('./member.js', import.meta.url))

type StatusLine = Extract<MemberLine, { type: 'status' }>

/** A member that runs on a host of the test's network. */
export class MemberProcess {
  readonly name: string
  readonly host: Host
  readonly child: Child
  /** Peers with a live link, as its events tell. */
  readonly peers = new Set<string>()
  /** All lines but those of status. */
  readonly lines: MemberLine[] = []
  #status: StatusLine | undefined

  constructor(scope: Scope, host: Host, init: MemberInit) {
    this.name = init.name
    this.host = host
    const child = host.spawn(process.execPath, ['--enable-source-maps', program, JSON.stringify(init)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.child = new Child(scope, child, init.name)
    child.stdin?.on('error', () => {})
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => this.#note(JSON.parse(line)))
  }

  logged(pattern: RegExp): string[] {
    return this.lines.flatMap((line) => (line.type === 'log' && pattern.test(line.message) ? [line.message] : []))
  }

  downs(): string[] {
    return this.lines.flatMap((line) => (line.type === 'nodedown' ? [line.peer] : []))
  }

  /** What `cluster.status()` and `node.nodes('connected')` say now. */
  async status(): Promise<StatusLine> {
    this.#status = undefined
    this.child.process.stdin?.write('status\n')
    return waitFor(() => this.#status, { what: () => `the status of ${this.name}\n${this.child.output}` })
  }

  /** Leaves in order. */
  async stop(): Promise<void> {
    this.child.process.stdin?.end()
    await this.child.exited
  }

  #note(line: MemberLine): void {
    if (line.type === 'status') {
      this.#status = line
      return
    }
    this.lines.push(line)
    if (line.type === 'nodeup') this.peers.add(line.peer)
    if (line.type === 'nodedown') this.peers.delete(line.peer)
  }
}

function isMesh(members: readonly MemberProcess[]): boolean {
  return members.every((member) => members.every((peer) => peer === member || member.peers.has(peer.name)))
}

/** Waits until every member has a link with every other, and none with anybody else; says who lacks whom if that takes too long. */
export async function formMesh(members: readonly MemberProcess[], timeoutMs = 60_000): Promise<void> {
  const exact = (): boolean => isMesh(members) && members.every(({ peers }) => peers.size === members.length - 1)
  const describe = (): string =>
    members
      .map(
        (member) =>
          `${member.name} has ${[...member.peers].join(', ') || 'nobody'}\n${member.child.output.slice(-2000)}`,
      )
      .join('\n')
  await waitFor(exact, { timeoutMs, what: () => `a full mesh:\n${describe()}` })
}
