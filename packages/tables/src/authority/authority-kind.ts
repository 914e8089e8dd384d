import type { Node } from '@tiebeam/distribution'
import type { Member, View } from '../member.ts'
import type { Authority } from './authority.ts'

/** An authority as it is configured: `members()`, `etcd({ … })`, `kubernetes({ … })`, or one of the user's own. */
export interface AuthorityKind {
  /** Compared when nodes meet: all members of a cluster use the same. */
  readonly kind: string
  /**
   * Who begins a cluster. `register` (default): the authority takes one founder and no other. `lowest`: it cannot know, so the node with
   * the lowest name does, when discovery is stable and all others have said that they are in no view.
   */
  readonly founder?: 'register' | 'lowest'
  start(host: AuthorityHost): Promise<StartedAuthority>
}

/** What an authority may know of the process that it works for. */
export interface AuthorityHost {
  readonly node: Node
  /** The name of these tables: two sets of tables on the same nodes have authorities of their own. */
  readonly name: string
  /** As what this process is in views, now: it changes when the process was excluded and comes back. */
  readonly self: () => Member
  /** The newest view that this process knows. */
  readonly view: () => View | undefined
  /** Nodes that are connected and take part in these tables. */
  readonly peers: () => readonly string[]
  /** Whether the incarnation is proven to have ended. */
  readonly isDead: (member: Member) => boolean
}

export interface StartedAuthority extends Authority {
  /** Whether a member is proven dead by what only this authority can see (a pod that is gone). */
  proveDead?(member: Member): Promise<boolean>
  stop(): Promise<void>
}
