import { grownMs, jitteredMs } from './back-off.ts'
import type { FormationReport } from './events.ts'
import type { FormationSettings } from './settings.ts'

/** A redial sooner than this would race the answer of a far peer. */
const REDIAL_MS_MIN = 200
/** Both ends of a broken link learn of it at the same moment; spread, they seldom dial each other at the same time. */
const FIRST_DIAL_SPREAD_MS = 20
const RETRY_GROWTH = 1.5
const RETRY_SPREAD = 0.25
const REFUSED_GROWTH = 2

interface Peer {
  readonly name: string
  readonly topologies: Set<string>
  /** The one that was the last to list it. */
  topology: string
  connected: boolean
  connectedMs: number
  /** `abandoned` attempts have not ended yet: until they have, none may begin. */
  attempt: 'none' | 'running' | 'abandoned'
  attemptBeganMs: number
  /** Failed attempts in a row; links that did not last count. */
  failures: number
  refused: boolean
  dialMs: number
  missingSinceMs: number
  error: { readonly code: string; readonly error: unknown } | undefined
  /** Codes that have had their line in the log since the peer was last connected. */
  readonly reported: Set<string>
}

export interface MissingPeer {
  readonly name: string
  /** Whether it is there but will not have us. */
  readonly refused: boolean
  /** Why the last attempt failed; undefined before the first has ended. */
  readonly error: unknown
}

/** The peers that some topology lists: who is missing, and when each is dialled next. */
export class Peers {
  readonly #settings: FormationSettings
  readonly #random: () => number
  readonly #report: (report: FormationReport) => void
  readonly #peers = new Map<string, Peer>()
  #attempts = 0

  constructor(settings: FormationSettings, random: () => number, report: (report: FormationReport) => void) {
    this.#settings = settings
    this.#random = random
    this.#report = report
  }

  list(topology: string, name: string, connected: boolean, nowMs: number): void {
    let peer = this.#peers.get(name)
    if (peer === undefined) {
      peer = {
        name,
        topologies: new Set(),
        topology,
        connected,
        connectedMs: nowMs,
        attempt: 'none',
        attemptBeganMs: nowMs,
        failures: 0,
        refused: false,
        dialMs: nowMs,
        missingSinceMs: nowMs,
        error: undefined,
        reported: new Set(),
      }
      this.#peers.set(name, peer)
    }
    if (peer.topologies.size === 0) this.#beginAnew(peer, nowMs)
    peer.topologies.add(topology)
    peer.topology = topology
  }

  /** Whether the attempt that is under way has lost its purpose. */
  unlist(topology: string, name: string): boolean {
    const peer = this.#peers.get(name)
    if (peer === undefined) return false
    peer.topologies.delete(topology)
    if (peer.topologies.size > 0) return false
    const abandon = peer.attempt === 'running' && !peer.connected
    if (abandon) peer.attempt = 'abandoned'
    this.#forget(peer)
    return abandon
  }

  /** Live links to names that were listed once and are no longer, and the topology that listed them. */
  unlistedLinks(): { name: string; topology: string }[] {
    return [...this.#peers.values()]
      .filter((peer) => peer.connected && peer.topologies.size === 0)
      .map(({ name, topology }) => ({ name, topology }))
  }

  up(name: string, nowMs: number): void {
    const peer = this.#peers.get(name)
    if (peer === undefined || peer.connected) return
    peer.connected = true
    peer.connectedMs = nowMs
    peer.refused = false
    if (peer.reported.size > 0) {
      this.#report({ type: 'peerFound', name, missingMs: nowMs - peer.missingSinceMs })
      peer.reported.clear()
    }
  }

  /** Whether a listed peer was lost. */
  down(name: string, nowMs: number): boolean {
    const peer = this.#peers.get(name)
    if (peer === undefined || !peer.connected) return false
    peer.connected = false
    if (nowMs - peer.connectedMs >= this.#settings.settleMs) {
      this.#beginAnew(peer, nowMs)
      peer.dialMs = nowMs + 1 + FIRST_DIAL_SPREAD_MS * this.#random()
    } else this.#wait(peer, nowMs)
    peer.missingSinceMs = nowMs
    this.#forget(peer)
    return peer.topologies.size > 0
  }

  attemptSucceeded(name: string, nowMs: number): void {
    const peer = this.#peers.get(name)
    if (peer === undefined) return
    this.#endAttempt(peer)
    // The link was lost again before the attempt told of its success: not at once, or the two might chase each other.
    if (!peer.connected) this.#wait(peer, nowMs)
  }

  attemptFailed(name: string, failure: { error: unknown; code: string; refused: boolean }, nowMs: number): void {
    const peer = this.#peers.get(name)
    if (peer === undefined) return
    const wanted = peer.attempt === 'running' && !peer.connected
    this.#endAttempt(peer)
    if (!wanted) return
    // A refusal after other failures begins its own, slower back-off, and the other way round.
    if (peer.refused !== failure.refused) peer.failures = 0
    peer.refused = failure.refused
    peer.error = { code: failure.code, error: failure.error }
    // Counted from its begin: an attempt that waited in vain for an answer is followed by the next without a pause, so that the
    // network's return is never more than one redial away.
    this.#wait(peer, peer.attemptBeganMs)
    this.#complain(peer, nowMs)
  }

  /**
   * Marks as running, and returns, the attempts that are due and within the limits: those before which none has failed, then
   * the longest due. So a newcomer does not queue behind hundreds of dead peers.
   */
  begin(nowMs: number): { name: string; redialMs: number }[] {
    const free = this.#settings.dialsMax - this.#attempts
    if (free <= 0) return []
    const due = [...this.#peers.values()].filter((peer) => wantsDial(peer) && peer.dialMs <= nowMs)
    due.sort((left, right) => Math.sign(left.failures) - Math.sign(right.failures) || left.dialMs - right.dialMs)
    return due.slice(0, free).map((peer) => {
      peer.attempt = 'running'
      peer.attemptBeganMs = nowMs
      this.#attempts += 1
      return { name: peer.name, redialMs: Math.max(REDIAL_MS_MIN, Math.round(this.#retryMs(peer))) }
    })
  }

  /** When the next attempt is due; undefined when none is waiting, or when one must end before another may begin. */
  nextMs(): number | undefined {
    if (this.#attempts >= this.#settings.dialsMax) return undefined
    let nextMs: number | undefined
    for (const peer of this.#peers.values()) {
      if (wantsDial(peer) && (nextMs === undefined || peer.dialMs < nextMs)) nextMs = peer.dialMs
    }
    return nextMs
  }

  /** Listed, not connected, and not known to refuse us. */
  isMissing(name: string): boolean {
    const peer = this.#peers.get(name)
    return peer !== undefined && !peer.connected && !peer.refused
  }

  isConnected(name: string): boolean {
    return this.#peers.get(name)?.connected ?? false
  }

  describeMissing(name: string): MissingPeer | undefined {
    const peer = this.#peers.get(name)
    if (peer === undefined || peer.connected) return undefined
    return { name, refused: peer.refused, error: peer.error?.error }
  }

  #beginAnew(peer: Peer, nowMs: number): void {
    peer.failures = 0
    peer.refused = false
    peer.error = undefined
    peer.dialMs = nowMs
    peer.missingSinceMs = nowMs
    peer.reported.clear()
  }

  #wait(peer: Peer, sinceMs: number): void {
    peer.dialMs = sinceMs + jitteredMs(this.#retryMs(peer), RETRY_SPREAD, this.#random())
    peer.failures += 1
  }

  #retryMs(peer: Peer): number {
    const { retryMs, retryMsMax, refusedMs, refusedMsMax } = this.#settings
    if (peer.refused) return grownMs(refusedMs, REFUSED_GROWTH, peer.failures, refusedMsMax)
    const fairShareMs = (this.#missingCount() * 1000) / this.#settings.dialsPerSecondMax
    return grownMs(retryMs, RETRY_GROWTH, peer.failures, Math.max(retryMsMax, fairShareMs))
  }

  #endAttempt(peer: Peer): void {
    if (peer.attempt !== 'none') this.#attempts -= 1
    peer.attempt = 'none'
    this.#forget(peer)
  }

  #missingCount(): number {
    let count = 0
    for (const peer of this.#peers.values()) if (peer.topologies.size > 0 && !peer.connected) count += 1
    return count
  }

  #complain(peer: Peer, nowMs: number): void {
    if (peer.error === undefined || peer.reported.has(peer.error.code)) return
    const { name } = peer
    const { code, error } = peer.error
    const missingMs = nowMs - peer.missingSinceMs
    if (!peer.refused && missingMs < this.#settings.reportAfterMs) return
    peer.reported.add(code)
    if (peer.refused) this.#report({ type: 'peerRefuses', name, error })
    else this.#report({ type: 'peerUnreachable', name, error, missingMs })
  }

  #forget(peer: Peer): void {
    if (peer.topologies.size === 0 && !peer.connected && peer.attempt === 'none') this.#peers.delete(peer.name)
  }
}

function wantsDial(peer: Peer): boolean {
  return peer.topologies.size > 0 && !peer.connected && peer.attempt === 'none'
}
