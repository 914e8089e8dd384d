import { type Pid, Tuple } from '@tiebeam/distribution'
import { PidBag } from './pid-bag.ts'
import type { GroupEntry } from './scope-messages.ts'
import { TermMap } from './term-map.ts'

/** Whose members these are: those of this node, or those that a peer told of. Compared by identity. */
export interface Owner {
  /** In how many groups it has members. */
  groupCount: number
}

/**
 * The members that one owner has in a group. Most groups have one such part, and there may be very many groups: a chain costs less than an
 * array for each.
 */
class Part extends PidBag {
  readonly owner: Owner
  /** Which sync named it last. */
  sync: number
  next: Part | undefined

  constructor(owner: Owner, pids: Pid[], sync: number, next: Part | undefined) {
    super(pids)
    this.owner = owner
    this.sync = sync
    this.next = next
  }
}

export class Group {
  readonly term: unknown
  /** The members, by owner; none of the parts is empty. */
  parts: Part | undefined = undefined

  constructor(term: unknown) {
    this.term = term
  }

  get size(): number {
    let size = 0
    for (let part = this.parts; part !== undefined; part = part.next) size += part.size
    return size
  }

  members(): Pid[] {
    const pids: Pid[] = []
    for (let part = this.parts; part !== undefined; part = part.next) part.appendTo(pids)
    return pids
  }

  partOf(owner: Owner): Part | undefined {
    let part = this.parts
    while (part !== undefined && part.owner !== owner) part = part.next
    return part
  }
}

/** Pids that became more, or less, in a group. */
export interface MembershipChange {
  readonly type: 'join' | 'leave'
  readonly group: Group
  readonly pids: readonly Pid[]
}

/** Who is a member of what, as one node sees it. A group is there while it has members. */
export class Membership {
  readonly #groups = new TermMap<Group>()
  /** Those in which this node has members. */
  readonly #localGroups = new Set<Group>()
  readonly #local: Owner
  #sync = 0

  /** @param local the owner of the members of this node */
  constructor(local: Owner) {
    this.#local = local
  }

  find(term: unknown): Group | undefined {
    return this.#groups.get(term)
  }

  get groups(): Iterable<Group> {
    return this.#groups.values()
  }

  get groupCount(): number {
    return this.#groups.size
  }

  get localGroups(): Iterable<Group> {
    return this.#localGroups
  }

  localMembers(group: Group): Pid[] {
    return group.partOf(this.#local)?.toArray() ?? []
  }

  /** All that this node has to tell a peer. */
  localEntries(): GroupEntry[] {
    const entries: GroupEntry[] = []
    for (const group of this.#localGroups) entries.push(new Tuple([group.term, this.localMembers(group)]))
    return entries
  }

  /** @param pids at least one */
  add(owner: Owner, term: unknown, pids: readonly Pid[]): Group {
    const group = this.#groups.get(term) ?? new Group(term)
    const part = group.partOf(owner)
    if (part === undefined) this.#addPart(group, owner, pids.slice())
    else for (const pid of pids) part.add(pid)
    return group
  }

  /** @returns those that were members, and are so one time less now */
  remove(owner: Owner, group: Group, pids: readonly Pid[]): Pid[] {
    const part = group.partOf(owner)
    if (part === undefined) return []
    const removed = pids.filter((pid) => part.remove(pid))
    if (part.size === 0) this.#removePart(group, part)
    return removed
  }

  /** Takes these entries, and the arrays in them, for all that the owner has. When a group is named twice, the last counts. */
  replaceAll(owner: Owner, entries: readonly GroupEntry[], changed: (change: MembershipChange) => void): void {
    const sync = ++this.#sync
    let named = 0
    for (const { elements } of entries) {
      const [term, pids] = elements
      if (pids.length === 0) continue
      const group = this.#groups.get(term) ?? new Group(term)
      const part = group.partOf(owner)
      if (part === undefined) {
        this.#addPart(group, owner, pids)
        named++
        changed({ type: 'join', group, pids })
      } else {
        if (part.sync !== sync) named++
        part.sync = sync
        const { joined, left } = part.replace(pids)
        if (left.length > 0) changed({ type: 'leave', group, pids: left })
        if (joined.length > 0) changed({ type: 'join', group, pids: joined })
      }
    }
    if (named < owner.groupCount) this.#removeOlder(owner, sync, changed)
  }

  removeAll(owner: Owner, changed: (change: MembershipChange) => void): void {
    this.#removeOlder(owner, ++this.#sync, changed)
  }

  clear(): void {
    this.#groups.clear()
    this.#localGroups.clear()
  }

  /** A look at every group: cheaper, when a peer goes, than to keep a list of groups for each peer. */
  #removeOlder(owner: Owner, sync: number, changed: (change: MembershipChange) => void): void {
    for (const group of this.#groups.values()) {
      const part = group.partOf(owner)
      if (part === undefined || part.sync === sync) continue
      this.#removePart(group, part)
      changed({ type: 'leave', group, pids: part.toArray() })
    }
  }

  #addPart(group: Group, owner: Owner, pids: Pid[]): void {
    if (group.parts === undefined) this.#groups.set(group.term, group)
    group.parts = new Part(owner, pids, this.#sync, group.parts)
    owner.groupCount++
    if (owner === this.#local) this.#localGroups.add(group)
  }

  #removePart(group: Group, part: Part): void {
    if (group.parts === part) group.parts = part.next
    else for (let at = group.parts; at !== undefined; at = at.next) if (at.next === part) at.next = part.next
    part.owner.groupCount--
    if (group.parts === undefined) this.#groups.delete(group.term)
    if (part.owner === this.#local) this.#localGroups.delete(group)
  }
}
