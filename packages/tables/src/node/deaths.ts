import { setTimeout as sleep } from 'node:timers/promises'
import type { Node } from '@tiebeam/distribution'
import type { Peers } from '../founding/peers.ts'
import type { Member, View } from '../member.ts'
import type { AuthorityCalls } from './authority-calls.ts'

export interface DeathsInit {
  readonly node: Node
  readonly peers: Peers
  readonly self: () => Member
  readonly view: () => View | undefined
  /** A member has ended, or cannot be reached any more. */
  readonly onLost: (member: Member) => void
}

/** A new dial that ends so shows that nothing is there any more. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'CONNECT_REFUSED',
  'EPMD_NODE_UNKNOWN',
  'EPMD_UNREACHABLE',
  'HOST_NOT_FOUND',
])

const ATTEMPTS_MAX = 5
const ATTEMPT_PAUSE_MS = 50

/** Which members have ended: proven, or at least not there when dialled. */
export class Deaths {
  readonly #init: DeathsInit
  readonly #proven = new Set<string>()

  constructor(init: DeathsInit) {
    this.#init = init
  }

  /** Proven: another incarnation lives at the same node name, or the authority has seen it. */
  isDead(member: Member): boolean {
    const self = this.#init.self()
    if (member.node === self.node) return member.uid !== self.uid
    return this.#proven.has(member.uid) || this.#init.peers.isDead(member)
  }

  /** Tells of those in the view that are proven dead. */
  report(): void {
    for (const member of this.#init.view()?.members ?? []) if (this.isDead(member)) this.#init.onLost(member)
  }

  /** A link closed. Who cannot be dialled any more is lost; whoever merely lost the link is connected again by this. */
  linkClosed(name: string): void {
    if (name !== this.#init.node.name) void this.#dial(name)
  }

  async #dial(name: string): Promise<void> {
    const { node, view, onLost } = this.#init
    for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts += 1) {
      const members = view()?.members.filter((member) => member.node === name) ?? []
      if (members.length === 0) return
      try {
        await node.connect(name)
        return
      } catch (error) {
        const { code } = error as { readonly code?: unknown }
        if (REFUSALS.has(code)) {
          for (const member of members) onLost(member)
          return
        }
        // A process that ends may still take a connection, and drop it.
        if (code !== 'CONNECTION_CLOSED' && code !== 'CONNECT_FAILED') return
        await sleep(ATTEMPT_PAUSE_MS)
      }
    }
  }

  /** Asks the authority about members of the view of whom there is no proof. */
  async askForProof(authority: AuthorityCalls): Promise<void> {
    for (const member of this.#init.view()?.members ?? []) {
      if (!this.isDead(member) && (await authority.proveDead(member))) this.#proven.add(member.uid)
    }
  }
}
