import type { Logger } from '@tiebeam/distribution'
import type { AuthorityKind } from '../authority/authority-kind.ts'
import { obstacleToFounding } from '../founding/founding.ts'
import { identityOf, nextGeneration } from '../founding/identity.ts'
import { isLost, type Peers } from '../founding/peers.ts'
import type { Member, View } from '../member.ts'
import type { EngineSettings } from './engine-init.ts'

export interface EntranceInit {
  readonly self: string
  readonly kind: AuthorityKind
  readonly settings: EngineSettings
  readonly logger: Logger
  readonly peers: Peers
  readonly discovered: () => readonly string[]
  readonly isDead: (member: Member) => boolean
  readonly found: (identity: string, over: View | undefined) => void
  readonly onWaiting: () => void
}

/** What a process in no view does to get into one, beyond asking the primary: it founds a cluster when that is its part. */
export class Entrance {
  readonly #init: EntranceInit
  /** What the authority said last: nobody is in a view. */
  #unfounded: { readonly over: View | undefined } | undefined
  #waitingFor: string | undefined
  /** The cluster that this process tries to found in the place of a lost one. */
  #afterLoss: string | undefined
  #attempt: { readonly place: string; readonly identity: string } | undefined

  constructor(init: EntranceInit) {
    this.#init = init
  }

  get waitingFor(): string | undefined {
    return this.#waitingFor
  }

  unfounded(over: View | undefined): void {
    this.#unfounded = { over }
  }

  /** A view is known. Returns whether this process founded it because all members of the one before were lost. */
  viewKnown(view: View, isIn: boolean): boolean {
    this.#unfounded = undefined
    if (isIn) this.#waitingFor = undefined
    return view.identity === this.#afterLoss
  }

  look(view: View | undefined, authorityProblem: string | undefined, uid: string): void {
    if (view !== undefined && view.members.length > 0) this.#lookAtLoss(view, uid)
    else if (this.#unfounded !== undefined) this.#lookAtFounding(this.#unfounded.over, uid)
    else
      this.#waitFor(
        authorityProblem === undefined ? 'an answer of the authority' : `the authority: ${authorityProblem}`,
      )
  }

  #lookAtFounding(over: View | undefined, uid: string): void {
    const obstacle = this.#obstacle()
    if (obstacle === undefined) this.#found(over, uid)
    this.#waitFor(obstacle ?? 'the authority to take the new cluster')
  }

  #lookAtLoss(view: View, uid: string): void {
    const { settings, isDead } = this.#init
    if (!isLost(view, isDead)) {
      const unproven = view.members.filter((member) => !isDead(member)).map(({ node }) => node)
      this.#waitFor(`the members of the view, or proof that they have ended: ${unproven.join(', ')}`)
      return
    }
    if (settings.onTotalLoss === 'halt') {
      this.#waitFor('a person: all members of the view have ended, and with them all rows (onTotalLoss: halt)')
      return
    }
    const obstacle = this.#obstacle()
    if (obstacle === undefined) this.#afterLoss = this.#found(view, uid)
    this.#waitFor(obstacle ?? 'the authority to take a new cluster, all members of the last view being lost')
  }

  #obstacle(): string | undefined {
    const { self, kind, peers, discovered, settings } = this.#init
    return obstacleToFounding({
      self,
      kind: kind.kind,
      founder: kind.founder ?? 'register',
      discovered: discovered(),
      peers,
      nowMs: performance.now(),
      settings: settings.founding,
    })
  }

  /** Asked for again, it is the same cluster: an earlier try may have taken effect. */
  #found(over: View | undefined, uid: string): string {
    const place = `${over?.identity} ${over?.epoch} ${uid}`
    if (this.#attempt?.place !== place) {
      const identity = identityOf({ generation: nextGeneration(over?.identity), atMs: Date.now(), uid })
      this.#attempt = { place, identity }
    }
    const { identity } = this.#attempt
    this.#init.found(identity, over)
    return identity
  }

  #waitFor(what: string): void {
    if (this.#waitingFor === what) return
    this.#waitingFor = what
    this.#init.logger.info({ what }, 'tables: waiting')
    this.#init.onWaiting()
  }
}
