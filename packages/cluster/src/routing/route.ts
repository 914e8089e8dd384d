import { inspect } from 'node:util'
import type { Pid } from '@tiebeam/distribution'
import { ClusterError, messageOf } from '../errors.ts'
import { grownMs } from '../formation/back-off.ts'
import type { GroupCallOptions } from './call-init.ts'
import { leastBusyMember, memberForKey } from './choice.ts'
import { verdictOn } from './verdict.ts'

export interface RouteInit extends Omit<GroupCallOptions, 'signal'> {
  readonly group: unknown
  readonly beganMs: number
}

/** What a route looks at before each step. */
export interface Surroundings {
  readonly nowMs: number
  /** Of the group, on all nodes. */
  readonly members: readonly Pid[]
  /** The own node, and those to which there is a link. Nobody is dialled for a call. */
  readonly reachable: ReadonlySet<string>
  /** Calls under way, by this node. */
  readonly underWay: (member: Pid) => number
  /** Counts up from call to call. */
  readonly turn: number
}

export type RouteStep =
  /** Call this member, for so long. */
  | { readonly type: 'call'; readonly member: Pid; readonly timeoutMs: number }
  /** Look again when the group has changed, at the latest after so long. */
  | { readonly type: 'wait'; readonly waitMs: number }
  | { readonly type: 'fail'; readonly error: unknown }

const PAUSE_MS = 10
const PAUSE_MS_MAX = 250
const PAUSE_GROWTH = 2

/** The way of one call to a member of a group: whom to ask, whether to ask another one, and when to give up. */
export class Route {
  readonly #init: RouteInit
  /** Members that will not do it, by key. */
  readonly #excluded = new Set<string>()
  /** Members that take no more until the pause is over. */
  readonly #full = new Set<string>()
  #pauseEndMs = 0
  #attempts = 0
  /** Whether a member may have done it. */
  #mayHaveRun = false
  #failure: { readonly error: unknown; readonly isFinal: boolean } | undefined

  constructor(init: RouteInit) {
    this.#init = init
  }

  next({ nowMs, members, reachable, underWay, turn }: Surroundings): RouteStep {
    const { beganMs, timeoutMs, attemptsMax, key } = this.#init
    const leftMs = beganMs + timeoutMs - nowMs
    if (leftMs <= 0 || this.#attempts >= attemptsMax || this.#failure?.isFinal === true) return this.#fail()
    if (nowMs >= this.#pauseEndMs) this.#full.clear()
    const candidates = members.filter(
      ({ key, node }) => !this.#excluded.has(key) && !this.#full.has(key) && reachable.has(node),
    )
    const member = key === undefined ? leastBusyMember(candidates, underWay, turn) : memberForKey(candidates, key)
    if (member !== undefined) return { type: 'call', member, timeoutMs: leftMs }
    return { type: 'wait', waitMs: this.#full.size > 0 ? Math.min(leftMs, this.#pauseEndMs - nowMs) : leftMs }
  }

  /** The member did not reply. */
  failed(member: Pid, error: unknown, nowMs: number): void {
    const verdict = verdictOn(error)
    this.#attempts += 1
    switch (verdict) {
      case 'neverRan':
        this.#excluded.add(member.key)
        this.#failure = { error, isFinal: false }
        return
      case 'full':
        this.#full.add(member.key)
        this.#pauseEndMs = nowMs + grownMs(PAUSE_MS, PAUSE_GROWTH, this.#attempts - 1, PAUSE_MS_MAX)
        this.#failure = { error, isFinal: false }
        return
      case 'cut':
        this.#excluded.add(member.key)
        this.#mayHaveRun = true
        this.#failure = { error, isFinal: !this.#init.idempotent }
        return
      case 'over':
        this.#mayHaveRun = true
        this.#failure = { error, isFinal: true }
        return
      case 'final':
        this.#mayHaveRun = false
        this.#failure = { error, isFinal: true }
    }
  }

  get #title(): string {
    return inspect(this.#init.group, { depth: 2 })
  }

  #fail(): RouteStep {
    if (this.#mayHaveRun) return { type: 'fail', error: this.#outcomeUnknown() }
    if (this.#failure?.isFinal === true) return { type: 'fail', error: this.#failure.error }
    return { type: 'fail', error: this.#noMember() }
  }

  #outcomeUnknown(): ClusterError {
    const { idempotent } = this.#init
    const advice = idempotent
      ? 'As it is idempotent, call again.'
      : 'Find out before you call again; a call that may be made twice can be marked idempotent.'
    const text = `A call to the group ${this.#title} was sent and not replied to, so it may have been done or not. ${advice}`
    return new ClusterError('OUTCOME_UNKNOWN', `${text} ${messageOf(this.#failure?.error)}`, {
      cause: this.#failure?.error,
    })
  }

  #noMember(): ClusterError {
    const { timeoutMs } = this.#init
    if (this.#failure === undefined) {
      const text = `The group ${this.#title} had no member within ${timeoutMs} ms. Start a server that joins it on this node or on one that is connected.`
      return new ClusterError('NO_MEMBER', text)
    }
    const { error } = this.#failure
    const text = `No member of the group ${this.#title} took the call, and none of those that were asked has done it. ${messageOf(error)}`
    return new ClusterError('NO_MEMBER', text, { cause: error })
  }
}
