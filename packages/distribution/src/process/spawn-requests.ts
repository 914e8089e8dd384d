import { type Atom, atom, type Pid, type Reference } from '@tiebeam/etf'
import { DistributionError } from '../errors.ts'
import type { SpawnReplySignal } from '../signals.ts'

/** Bits of the flags of a SPAWN_REPLY: what was set up along with the process. */
export const SPAWNED_LINK = 1
export const SPAWNED_MONITOR = 2

const NOCONNECTION = atom('noconnection')
/** With this reason OTP ends a linked process whose request was abandoned. */
const ABANDONED = atom('abandoned')

/** Which answers the requesting process wants to hear of; the others change nothing else. */
export type SpawnReplies = 'all' | 'errors' | 'successes' | 'none'

export interface PendingSpawn {
  readonly requestId: Reference
  readonly from: Pid
  readonly node: string
  readonly link: boolean
  readonly monitor: boolean
  readonly replies: SpawnReplies
}

/** What follows from an answer, in this order. */
export type SpawnEffect =
  /** The new process and the requesting one are linked, or the one monitors the other, already on the other node. */
  | { readonly type: 'related'; readonly pending: PendingSpawn; readonly pid: Pid }
  | { readonly type: 'reply'; readonly to: Pid; readonly requestId: Reference; readonly result: Pid | Atom }
  /** Nobody wants the new process any more. */
  | { readonly type: 'demonitor'; readonly from: Pid; readonly to: Pid; readonly requestId: Reference }
  | { readonly type: 'exit'; readonly from: Pid; readonly to: Pid; readonly reason: unknown }

interface Entry extends PendingSpawn {
  /** Set once the requesting process has ended: a linked new process is to end for the same reason. */
  exit?: { readonly reason: unknown }
}

/**
 * The spawn requests of this node's processes that other nodes have not answered yet. A pure state machine.
 * Source: SPAWN_REPLY in the Distribution Protocol guide, and `erlang:spawn_request_abandon/1`.
 */
export class SpawnRequests {
  readonly #requestsMax: number
  readonly #pending = new Map<string, Entry>()
  /** Keys of requests by key of the process that made them. */
  readonly #ofProcess = new Map<string, Set<string>>()

  constructor(init: { readonly requestsMax: number }) {
    this.#requestsMax = init.requestsMax
  }

  get size(): number {
    return this.#pending.size
  }

  /** @throws DistributionError `SPAWN_REQUESTS_FULL` */
  add(pending: PendingSpawn): void {
    if (this.#pending.size >= this.#requestsMax) {
      throw new DistributionError(
        'SPAWN_REQUESTS_FULL',
        `${this.#pending.size} spawn requests (spawnRequestsMax) wait for their answer. Wait for some, or raise the limit.`,
      )
    }
    const { key } = pending.requestId
    this.#pending.set(key, { ...pending })
    const keys = this.#ofProcess.get(pending.from.key)
    if (keys === undefined) this.#ofProcess.set(pending.from.key, new Set([key]))
    else keys.add(key)
  }

  /** An answer of this node. */
  replied(node: string, signal: SpawnReplySignal): SpawnEffect[] {
    const { requestId, to, flags, result } = signal
    const entry = this.#pending.get(requestId.key)
    // Another node, or another process, has no part in this request.
    if (entry !== undefined && (entry.node !== node || !entry.from.equals(to))) return []
    if (entry !== undefined) this.#remove(entry)
    if (!('id' in result)) return entry === undefined ? [] : refused(entry, result)
    if (entry === undefined || entry.exit !== undefined) {
      const effects: SpawnEffect[] = []
      if ((flags & SPAWNED_MONITOR) !== 0) effects.push({ type: 'demonitor', from: to, to: result, requestId })
      if ((flags & SPAWNED_LINK) !== 0) {
        effects.push({ type: 'exit', from: to, to: result, reason: entry?.exit ? entry.exit.reason : ABANDONED })
      }
      return effects
    }
    const effects: SpawnEffect[] = []
    if (entry.link || entry.monitor) effects.push({ type: 'related', pending: entry, pid: result })
    if (entry.replies === 'all' || entry.replies === 'successes') {
      effects.push({ type: 'reply', to, requestId, result })
    }
    return effects
  }

  /** The process no longer wants it. False when the answer has come already, or the request was never made by it. */
  abandon(from: Pid, requestId: Reference): boolean {
    const entry = this.#pending.get(requestId.key)
    if (entry === undefined || !entry.from.equals(from)) return false
    this.#remove(entry)
    return true
  }

  disconnected(node: string): SpawnEffect[] {
    const effects: SpawnEffect[] = []
    for (const entry of this.#pending.values()) {
      if (entry.node !== node) continue
      this.#remove(entry)
      effects.push(...refused(entry, NOCONNECTION))
    }
    return effects
  }

  /** A process of this node ended. What it asked for with a link is remembered until the answer comes. */
  ended(pid: Pid, reason: unknown): void {
    // Mostly there are none, and keys cost time.
    if (this.#ofProcess.size === 0) return
    const keys = this.#ofProcess.get(pid.key)
    if (keys === undefined) return
    this.#ofProcess.delete(pid.key)
    for (const key of keys) {
      const entry = this.#pending.get(key) as Entry
      if (entry.link) entry.exit = { reason }
      else this.#pending.delete(key)
    }
  }

  #remove(entry: Entry): void {
    const { key } = entry.requestId
    this.#pending.delete(key)
    const keys = this.#ofProcess.get(entry.from.key)
    keys?.delete(key)
    if (keys?.size === 0) this.#ofProcess.delete(entry.from.key)
  }
}

function refused(entry: Entry, reason: Atom): SpawnEffect[] {
  if (entry.exit !== undefined || entry.replies === 'successes' || entry.replies === 'none') return []
  return [{ type: 'reply', to: entry.from, requestId: entry.requestId, result: reason }]
}
