import type { Pid } from '@tiebeam/distribution'
import { Membership } from './membership.ts'
import { Monitors } from './monitors.ts'
import type { Group, NodeMembers, OnChange } from './node-members.ts'
import {
  type FirstSync,
  type GroupEntry,
  type ScopeMessage,
  SYNC_LIMITS,
  type SyncLimits,
  splitForOtp,
  splitForTiebeam,
} from './scope-messages.ts'
import { termKey } from './term-key.ts'

/** Processes that became members of a group, or are members no more; a process that joined several times is there several times. */
export interface GroupChange {
  readonly type: 'join' | 'leave'
  readonly group: unknown
  readonly pids: readonly Pid[]
}

/** What is to be done as the consequence of an event, in this order. */
export type ScopeEffect =
  | ProcessEffect
  /** Tells whoever monitors under this id. */
  | { readonly type: 'notify'; readonly monitor: string; readonly change: GroupChange }
  /** A peer announced more than `membershipsMax`; what is beyond it was left out. */
  | { readonly type: 'refused'; readonly peer: Pid }

/** What the scope process is to do. */
export type ProcessEffect =
  /** Asks the scope of this name on another node, if it has one, who its members are. */
  | { readonly type: 'discover'; readonly node: string }
  /** Tells the scope process of a peer. When it has no room for it, call `outputFull`. */
  | { readonly type: 'send'; readonly to: Pid; readonly message: ScopeMessage }
  /** The same for several messages, up to the first for which there is no room. They are made one by one, from the present state. */
  | { readonly type: 'sendAll'; readonly to: Pid; readonly messages: Iterable<ScopeMessage> }
  /** A process is to be watched: a member on this node, or the scope process of a peer. Its end is told by `down`. */
  | { readonly type: 'monitor'; readonly pid: Pid }
  | { readonly type: 'demonitor'; readonly pid: Pid }
  /** Call `outputDrained` when there is room again for what goes to this peer. */
  | { readonly type: 'awaitOutput'; readonly peer: Pid }

interface Peer {
  readonly pid: Pid
  readonly members: NodeMembers
  /** Whether it was told all. If not, because its output was full, it gets a new sync instead of the changes that it missed. */
  inStep: boolean
}

interface LocalMember {
  readonly pid: Pid
  /** How many times it is in each. */
  readonly groups: Map<Group, number>
}

export interface ScopeInit {
  /** The name of the own node. */
  readonly node: string
  /** Whether a connected node is a Tiebeam node, and so understands `joins`. */
  readonly isTiebeam: (node: string) => boolean
  /** How many memberships one peer may announce. */
  readonly membershipsMax: number
  readonly syncLimits?: SyncLimits
}

/**
 * One scope of process groups on one node, as OTP's `pg` has it: a pure state machine, events in, effects out. Each node tells the others of
 * its own members only; what a peer told is forgotten when its scope process ends or cannot be reached any more.
 */
export class Scope {
  readonly monitors = new Monitors()
  readonly membership = new Membership()
  readonly #init: ScopeInit
  #pid: Pid | undefined
  readonly #peers = new Map<string, Peer>()
  readonly #localMembers = new Map<string, LocalMember>()

  constructor(init: ScopeInit) {
    this.#init = init
  }

  /** The nodes whose scope of this name is known. */
  get peers(): string[] {
    return [...this.#peers.values()].map(({ pid }) => pid.node)
  }

  /**
   * The scope process runs under this pid, and these nodes are connected and visible. Called again when the process had to be replaced: no peer
   * knows the new one, so all begins anew, but for the members of this node.
   */
  started(pid: Pid, nodes: readonly string[]): ScopeEffect[] {
    const effects: ScopeEffect[] = []
    this.#pid = pid
    for (const peer of this.#peers.values()) this.#forget(effects, peer)
    for (const member of this.#localMembers.values()) effects.push({ type: 'monitor', pid: member.pid })
    for (const node of nodes) effects.push({ type: 'discover', node })
    return effects
  }

  /** Another node, a visible one, was connected. OTP leaves hidden nodes out, and so do we: they may still ask us. */
  nodeUp(node: string): ScopeEffect[] {
    return [{ type: 'discover', node }]
  }

  /**
   * Asks those of these connected nodes again that have not told of a scope. A scope of OTP that starts later asks all nodes that it sees, but
   * a node that is hidden to it learns of that in no other way.
   */
  lookAgain(nodes: readonly string[]): ScopeEffect[] {
    const known = new Set(this.peers)
    return nodes.filter((node) => !known.has(node)).map((node) => ({ type: 'discover', node }))
  }

  /** There will be no scope process any more. */
  stopped(): void {
    this.#pid = undefined
    this.#peers.clear()
    this.#localMembers.clear()
    this.membership.clear()
  }

  /** Processes of this node join. */
  join(group: unknown, pids: readonly Pid[]): ScopeEffect[] {
    const effects: ScopeEffect[] = []
    if (pids.length === 0) return effects
    const joined = this.membership.own.add(group, pids)
    for (const pid of pids) {
      const { groups } = this.#localMember(effects, pid)
      groups.set(joined, (groups.get(joined) ?? 0) + 1)
    }
    this.#notify(effects, 'join', group, pids)
    this.#broadcast(effects, (peer) => ({ type: 'join', peer, group, pids }))
    return effects
  }

  /** Processes of this node leave; undefined when none of them was a member. */
  leave(term: unknown, pids: readonly Pid[]): ScopeEffect[] | undefined {
    const { own } = this.membership
    const group = own.find(termKey(term))
    if (group === undefined) return undefined
    const left = own.remove(term, pids)
    if (left.length === 0) return undefined
    const effects: ScopeEffect[] = []
    for (const pid of left) this.#localMemberLeft(effects, pid, group)
    this.#notify(effects, 'leave', term, left)
    this.#broadcast(effects, (peer) => ({ type: 'leave', peer, pids: left, groups: [term] }))
    return effects
  }

  /** A message to the scope process, from the scope process of a peer that is connected. */
  receive(message: ScopeMessage): ScopeEffect[] {
    switch (message.type) {
      case 'discover':
        return this.#discovered(message.peer)
      case 'sync': {
        const effects: ScopeEffect[] = []
        const peer = this.#peers.get(message.peer.key) ?? this.#addPeer(effects, message.peer)
        const { membershipsMax } = this.#init
        const areAllTaken = peer.members.replaceAll(message.groups, membershipsMax, this.#notifier(effects))
        if (!areAllTaken) effects.push({ type: 'refused', peer: peer.pid })
        return effects
      }
      case 'join': {
        // A peer that we do not know will be asked for a sync, which contains this.
        const peer = this.#peers.get(message.peer.key)
        if (peer === undefined) return []
        const effects: ScopeEffect[] = []
        this.#peerJoined(effects, peer, message.group, message.pids)
        return effects
      }
      case 'joins': {
        const peer = this.#peers.get(message.peer.key)
        if (peer === undefined) return []
        const effects: ScopeEffect[] = []
        for (const { elements } of message.groups) this.#peerJoined(effects, peer, elements[0], elements[1])
        return effects
      }
      case 'leave': {
        const peer = this.#peers.get(message.peer.key)
        if (peer === undefined) return []
        const effects: ScopeEffect[] = []
        for (const term of message.groups) {
          const pids = peer.members.remove(term, message.pids)
          if (pids.length > 0) this.#notify(effects, 'leave', term, pids)
        }
        return effects
      }
    }
  }

  /** A process that was to be watched has ended, or its node is lost. */
  down(pid: Pid): ScopeEffect[] {
    const effects: ScopeEffect[] = []
    if (pid.node === this.#init.node) this.#localMemberEnded(effects, pid)
    else {
      const peer = this.#peers.get(pid.key)
      if (peer !== undefined) this.#forget(effects, peer)
    }
    return effects
  }

  /** A message to this peer was not taken. */
  outputFull(pid: Pid): ScopeEffect[] {
    const peer = this.#peers.get(pid.key)
    if (peer === undefined || !peer.inStep) return []
    peer.inStep = false
    return [{ type: 'awaitOutput', peer: pid }]
  }

  outputDrained(pid: Pid): ScopeEffect[] {
    const peer = this.#peers.get(pid.key)
    if (peer === undefined || peer.inStep) return []
    peer.inStep = true
    // What was refused may have been our question.
    return [...this.#sync(pid), ...this.#ask(pid)]
  }

  #discovered(pid: Pid): ScopeEffect[] {
    if (this.#peers.has(pid.key)) return this.#sync(pid)
    const self = this.#pid
    if (self === undefined) return []
    const { sync, joins } = this.#firstSync(pid.node)
    const effects = this.#sync(pid, sync)
    this.#addPeer(effects, pid)
    // After the sync, by which the peer knows us already: so it answers this one with a sync, and asks no more.
    effects.push(...this.#ask(pid))
    effects.push({ type: 'sendAll', to: pid, messages: joinMessages(self, joins) })
    return effects
  }

  #firstSync(node: string): FirstSync {
    const { isTiebeam, syncLimits = SYNC_LIMITS } = this.#init
    const entries = this.membership.own.entries()
    return isTiebeam(node) ? splitForTiebeam(entries, syncLimits) : splitForOtp(entries, syncLimits)
  }

  #peerJoined(effects: ScopeEffect[], peer: Peer, term: unknown, pids: readonly Pid[]): void {
    if (pids.length === 0) return
    if (peer.members.memberCount + pids.length > this.#init.membershipsMax) {
      effects.push({ type: 'refused', peer: peer.pid })
      return
    }
    peer.members.add(term, pids)
    this.#notify(effects, 'join', term, pids)
  }

  #ask(to: Pid): ScopeEffect[] {
    if (this.#pid === undefined) return []
    return [{ type: 'send', to, message: { type: 'discover', peer: this.#pid } }]
  }

  #sync(to: Pid, groups: readonly GroupEntry[] = [...this.membership.own.entries()]): ScopeEffect[] {
    if (this.#pid === undefined) return []
    return [{ type: 'send', to, message: { type: 'sync', peer: this.#pid, groups } }]
  }

  #addPeer(effects: ScopeEffect[], pid: Pid): Peer {
    const peer: Peer = { pid, inStep: true, members: this.membership.addPeer() }
    this.#peers.set(pid.key, peer)
    effects.push({ type: 'monitor', pid })
    return peer
  }

  #forget(effects: ScopeEffect[], peer: Peer): void {
    this.#peers.delete(peer.pid.key)
    this.membership.removePeer(peer.members)
    peer.members.replaceAll([], 0, this.#notifier(effects))
  }

  #localMember(effects: ScopeEffect[], pid: Pid): LocalMember {
    const { key } = pid
    let member = this.#localMembers.get(key)
    if (member === undefined) {
      member = { pid, groups: new Map() }
      this.#localMembers.set(key, member)
      effects.push({ type: 'monitor', pid })
    }
    return member
  }

  #localMemberLeft(effects: ScopeEffect[], pid: Pid, group: Group): void {
    const member = this.#localMembers.get(pid.key)
    if (member === undefined) return
    const times = (member.groups.get(group) ?? 0) - 1
    if (times > 0) member.groups.set(group, times)
    else member.groups.delete(group)
    if (member.groups.size > 0) return
    this.#localMembers.delete(pid.key)
    effects.push({ type: 'demonitor', pid })
  }

  #localMemberEnded(effects: ScopeEffect[], pid: Pid): void {
    const member = this.#localMembers.get(pid.key)
    if (member === undefined) return
    this.#localMembers.delete(pid.key)
    const groups: unknown[] = []
    for (const [group, times] of member.groups) {
      const pids = new Array<Pid>(times).fill(pid)
      this.membership.own.remove(group.term, pids)
      this.#notify(effects, 'leave', group.term, pids)
      // A peer takes it out once for each time that the group is named.
      for (let n = 0; n < times; n++) groups.push(group.term)
    }
    this.#broadcast(effects, (peer) => ({ type: 'leave', peer, pids: [pid], groups }))
  }

  /** Undefined while nobody wants to be told. */
  #notifier(effects: ScopeEffect[]): OnChange | undefined {
    if (this.monitors.isEmpty) return undefined
    return (type, group, pids) => this.#notify(effects, type, group, pids)
  }

  #notify(effects: ScopeEffect[], type: GroupChange['type'], group: unknown, pids: readonly Pid[]): void {
    if (this.monitors.isEmpty) return
    for (const monitor of this.monitors.concernedBy(group)) {
      effects.push({ type: 'notify', monitor, change: { type, group, pids: [...pids] } })
    }
  }

  #broadcast(effects: ScopeEffect[], message: (self: Pid) => ScopeMessage): void {
    if (this.#pid === undefined || this.#peers.size === 0) return
    const told = message(this.#pid)
    for (const { pid, inStep } of this.#peers.values())
      if (inStep) effects.push({ type: 'send', to: pid, message: told })
  }
}

function* joinMessages(self: Pid, joins: FirstSync['joins']): Iterable<ScopeMessage> {
  for (const groups of joins) {
    const [first] = groups
    if (first === undefined) continue
    const [group, pids] = first.elements
    yield groups.length === 1 ? { type: 'join', peer: self, group, pids } : { type: 'joins', peer: self, groups }
  }
}
