import type { Member, View } from '../member.ts'
import type { Hello } from '../wire/hello.ts'
import { compareIdentities } from './identity.ts'

/** What is known of a connected node. */
export type Peer =
  /** It was asked, and has not answered. */
  | { readonly type: 'silent' }
  /** It has no process of these tables. */
  | { readonly type: 'absent' }
  | { readonly type: 'present'; readonly hello: Hello }

interface Incarnations {
  creation: number
  incarnation: number
  uid: string
  /** Lives of the node's name that are over: what still comes of them is late. */
  readonly past: Set<number>
}

/** The connected nodes, as far as these tables go, and which incarnations are over. */
export class Peers {
  readonly #peers = new Map<string, Peer>()
  readonly #incarnations = new Map<string, Incarnations>()
  /** When something was last different from before. */
  changedMs = 0

  up(node: string, nowMs: number): void {
    if (this.#peers.has(node)) return
    this.#peers.set(node, { type: 'silent' })
    this.changedMs = nowMs
  }

  down(node: string, nowMs: number): void {
    if (this.#peers.delete(node)) this.changedMs = nowMs
  }

  absent(node: string, nowMs: number): void {
    if (this.#peers.get(node)?.type !== 'absent') this.changedMs = nowMs
    this.#peers.set(node, { type: 'absent' })
  }

  /** False when it was said by an incarnation that is over. */
  heard(hello: Hello, nowMs: number): boolean {
    if (!this.#isNew(hello)) return false
    const { node, uid } = hello.member
    const before = this.#peers.get(node)
    const isSame =
      before?.type === 'present' &&
      before.hello.member.uid === uid &&
      before.hello.view?.identity === hello.view?.identity
    if (!isSame) this.changedMs = nowMs
    this.#peers.set(node, { type: 'present', hello })
    return true
  }

  entries(): IterableIterator<[node: string, peer: Peer]> {
    return this.#peers.entries()
  }

  get(node: string): Peer | undefined {
    return this.#peers.get(node)
  }

  present(): Hello[] {
    return [...this.#peers.values()].flatMap((peer) => (peer.type === 'present' ? [peer.hello] : []))
  }

  /** The newest view that any of them is in, of the cluster that goes on should there be several. */
  newestView(kind: string): View | undefined {
    const views = this.present().flatMap((hello) =>
      hello.kind === kind && hello.view !== undefined ? [hello.view] : [],
    )
    return views.toSorted(
      (left, right) => compareIdentities(left.identity, right.identity) || right.epoch - left.epoch,
    )[0]
  }

  /** Whether the incarnation is proven to be over: another one has said hello from the same node name. */
  isDead({ node, creation, uid }: Member): boolean {
    const known = this.#incarnations.get(node)
    if (known === undefined) return false
    if (known.creation !== creation) return true
    return known.uid !== uid
  }

  #isNew({ member: { node, creation, uid }, incarnation }: Hello): boolean {
    const known = this.#incarnations.get(node)
    if (known === undefined) {
      this.#incarnations.set(node, { creation, incarnation, uid, past: new Set() })
      return true
    }
    if (known.past.has(creation)) return false
    if (known.creation === creation && known.incarnation > incarnation) return false
    if (known.creation !== creation) known.past.add(known.creation)
    Object.assign(known, { creation, incarnation, uid })
    return true
  }
}

/** Whether every member of a view is proven to have ended. */
export function isLost(view: View, isDead: (member: Member) => boolean): boolean {
  return view.members.length > 0 && view.members.every(isDead)
}

export function namesOf(view: View): string {
  return view.members.map(({ node }) => node).join(', ')
}
