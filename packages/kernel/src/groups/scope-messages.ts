import { atom, Pid, Tuple, tuple } from '@tiebeam/distribution'

/**
 * What the scope processes of two nodes tell each other. Source: module `pg` of OTP 25 to 28.
 *
 * `discover` asks for a `sync`, and for being told from then on; `sync` lists all members on the sender's node; `join` and `leave` tell what
 * changes. In all of them `peer` is the sender.
 */
export type ScopeMessage =
  | { readonly type: 'discover'; readonly peer: Pid }
  | { readonly type: 'sync'; readonly peer: Pid; readonly groups: readonly GroupEntry[] }
  | { readonly type: 'join'; readonly peer: Pid; readonly group: unknown; readonly pids: readonly Pid[] }
  | { readonly type: 'joins'; readonly peer: Pid; readonly groups: readonly GroupEntry[] }
  | { readonly type: 'leave'; readonly peer: Pid; readonly pids: readonly Pid[]; readonly groups: readonly unknown[] }

/** `{Group, [Pid]}`. */
export type GroupEntry = Tuple<readonly [group: unknown, pids: readonly Pid[]]>

const GEN_CAST = atom('$gen_cast')
const DISCOVER = atom('discover')
const SYNC = atom('sync')
const JOIN = atom('join')
const LEAVE = atom('leave')
const JOINS = atom('$tiebeam.joins')

/**
 * Understands a message to a scope process; undefined for what is none, and for one that names members which are not on the node of its
 * peer: a node speaks for its own processes only.
 */
export function parseScopeMessage(message: unknown): ScopeMessage | undefined {
  if (!(message instanceof Tuple)) return undefined
  const [label, peer, third, fourth] = message.elements
  const { length } = message.elements
  if (label === GEN_CAST) return length === 2 ? parseSync(peer) : undefined
  if (!(peer instanceof Pid)) return undefined
  switch (label) {
    case DISCOVER:
      // The third element is a protocol version, which OTP accepts since release 26 and may send one day.
      return length === 2 || length === 3 ? { type: 'discover', peer } : undefined
    case JOIN: {
      const pids = pidsOf(fourth, peer.node)
      return length === 4 && pids !== undefined ? { type: 'join', peer, group: third, pids } : undefined
    }
    case LEAVE: {
      const pids = pidsOf(third, peer.node)
      if (length !== 4 || pids === undefined || !Array.isArray(fourth)) return undefined
      return { type: 'leave', peer, pids, groups: fourth }
    }
    case JOINS:
      return length === 3 && areEntries(third, peer.node) ? { type: 'joins', peer, groups: third } : undefined
    default:
      return undefined
  }
}

export function scopeMessage(message: ScopeMessage): Tuple {
  switch (message.type) {
    case 'discover':
      // Of two elements: one of three would crash a scope of OTP 25.
      return tuple(DISCOVER, message.peer)
    case 'sync':
      return tuple(GEN_CAST, tuple(SYNC, message.peer, message.groups))
    case 'join':
      return tuple(JOIN, message.peer, message.group, pidOrPids(message.pids))
    case 'joins':
      return tuple(JOINS, message.peer, message.groups)
    case 'leave':
      return tuple(LEAVE, message.peer, pidOrPids(message.pids), message.groups)
  }
}

function parseSync(request: unknown): ScopeMessage | undefined {
  if (!(request instanceof Tuple) || request.elements.length !== 3) return undefined
  const [label, peer, groups] = request.elements
  if (label !== SYNC || !(peer instanceof Pid) || !areEntries(groups, peer.node)) return undefined
  return { type: 'sync', peer, groups }
}

function areEntries(value: unknown, node: string): value is GroupEntry[] {
  if (!Array.isArray(value)) return false
  for (const each of value) {
    if (!(each instanceof Tuple) || each.elements.length !== 2 || !arePids(each.elements[1], node)) return false
  }
  return true
}

function pidsOf(value: unknown, node: string): Pid[] | undefined {
  if (value instanceof Pid) return value.node === node ? [value] : undefined
  return arePids(value, node) ? value : undefined
}

function arePids(value: unknown, node: string): value is Pid[] {
  if (!Array.isArray(value)) return false
  for (const each of value) if (!(each instanceof Pid) || each.node !== node) return false
  return true
}

function pidOrPids(pids: readonly Pid[]): Pid | readonly Pid[] {
  return pids.length === 1 ? (pids[0] as Pid) : pids
}

/** How a first sync is cut; see {@link FirstSync}. */
export interface SyncLimits {
  /** Members in the sync to a peer that runs OTP, those of small groups not counted. */
  readonly syncPidsMax: number
  /** A group with fewer members is a small one, and stays in that sync. */
  readonly joinPidsMin: number
  /** Members in each other message. */
  readonly joinPidsMax: number
}

/** So that no message is bulk, whose way to the peer is longer: one of 500 pids takes some 20 KB. */
export const SYNC_LIMITS: SyncLimits = { syncPidsMax: 500, joinPidsMin: 16, joinPidsMax: 500 }

/** What a peer that knows nothing yet is told, cut into messages: so it reads the first while the last are still being written. */
export interface FirstSync {
  readonly sync: readonly GroupEntry[]
  /** What joins after it, for one message each. To be iterated before anything changes. */
  readonly joins: Iterable<readonly GroupEntry[]>
}

/** For OTP each message after the sync is about one group. For a small group such a message would cost more than it gains. */
export function splitForOtp(
  entries: Iterable<GroupEntry>,
  { syncPidsMax, joinPidsMin, joinPidsMax }: SyncLimits,
): FirstSync {
  const sync: GroupEntry[] = []
  const joins: GroupEntry[][] = []
  let count = 0
  for (const entry of entries) {
    const { length } = entry.elements[1]
    if (length < joinPidsMin) sync.push(entry)
    else if (count + length <= syncPidsMax) {
      sync.push(entry)
      count += length
    } else for (const part of cut(entry, joinPidsMax)) joins.push([part])
  }
  return { sync, joins }
}

/** Tiebeam nodes tell each other of many groups in one message. All are small, so that neither side has much alive at a time. */
export function splitForTiebeam(entries: Iterable<GroupEntry>, { joinPidsMax }: SyncLimits): FirstSync {
  const joins = portionsOf(entries, joinPidsMax)
  const { value } = joins.next()
  return { sync: value ?? [], joins }
}

/** No group twice in a portion: a sync that names one twice would be understood as naming it once. */
function* portionsOf(entries: Iterable<GroupEntry>, pidsMax: number): Generator<GroupEntry[], undefined> {
  let portion: GroupEntry[] = []
  let room = pidsMax
  for (const entry of entries) {
    const { length } = entry.elements[1]
    if (length > pidsMax) for (const part of cut(entry, pidsMax)) yield [part]
    else {
      if (length > room) {
        yield portion
        portion = []
        room = pidsMax
      }
      portion.push(entry)
      room -= length
    }
  }
  if (portion.length > 0) yield portion
}

/** Entries of the same group with at most so many pids each. */
function cut(entry: GroupEntry, pidsMax: number): GroupEntry[] {
  const [group, pids] = entry.elements
  const parts: GroupEntry[] = []
  for (let at = 0; at < pids.length; at += pidsMax) parts.push(tuple(group, pids.slice(at, at + pidsMax)))
  return parts
}
