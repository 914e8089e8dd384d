import { type Pid, Tuple } from '@tiebeam/distribution'
import { PidBag } from './pid-bag.ts'
import type { GroupEntry } from './scope-messages.ts'
import { termKey } from './term-key.ts'

/** The members that a group has on one node. */
export class Group extends PidBag {
  readonly term: unknown

  constructor(term: unknown, pids: readonly Pid[]) {
    super(pids)
    this.term = term
  }
}

/** Called with pids that became more, or less, in a group. */
export type OnChange = (type: 'join' | 'leave', term: unknown, pids: readonly Pid[]) => void

/** The members on one node, by group. A group is there while it has members. */
export class NodeMembers {
  /** By `termKey`. */
  #groups = new Map<string, Group>()
  #memberCount = 0

  /** A process counts as often as it joined. */
  get memberCount(): number {
    return this.#memberCount
  }

  get groupCount(): number {
    return this.#groups.size
  }

  /** The names of the groups. */
  terms(): unknown[] {
    return Array.from(this.#groups.values(), ({ term }) => term)
  }

  [Symbol.iterator](): Iterator<[key: string, group: Group]> {
    return this.#groups.entries()
  }

  /** @param key the `termKey` of the group's name */
  find(key: string): Group | undefined {
    return this.#groups.get(key)
  }

  /** What a peer is to be told. */
  *entries(): Iterable<GroupEntry> {
    for (const group of this.#groups.values()) yield new Tuple([group.term, group.toArray()])
  }

  /** @param pids at least one */
  add(term: unknown, pids: readonly Pid[]): Group {
    const key = termKey(term)
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = new Group(term, pids)
      this.#groups.set(key, group)
    } else for (const pid of pids) group.add(pid)
    this.#memberCount += pids.length
    return group
  }

  /** @returns those that were members, and are so one time less now */
  remove(term: unknown, pids: readonly Pid[]): Pid[] {
    const key = termKey(term)
    const group = this.#groups.get(key)
    if (group === undefined) return []
    const removed = pids.filter((pid) => group.remove(pid))
    this.#memberCount -= removed.length
    if (group.size === 0) this.#groups.delete(key)
    return removed
  }

  /**
   * Takes these entries for all that there is. When a group is named twice, the last counts. A group with which there
   * would be more than `membersMax` is left out.
   * @param onChange what changes is found out only when somebody wants to know
   * @returns false when any was left out
   */
  replaceAll(entries: readonly GroupEntry[], membersMax: number, onChange: OnChange | undefined): boolean {
    const before = this.#groups
    const after = new Map<string, Group>()
    let memberCount = 0
    let areAllTaken = true
    for (const { elements } of entries) {
      const [term, pids] = elements
      if (memberCount + pids.length > membersMax) areAllTaken = false
      else if (pids.length > 0) {
        after.set(termKey(term), new Group(term, pids))
        memberCount += pids.length
      }
    }
    this.#groups = after
    // Else some were left out, or named twice and counted twice.
    this.#memberCount = after.size === entries.length ? memberCount : sizeOf(after.values())
    if (onChange !== undefined) tellChanges(before, after, onChange)
    return areAllTaken
  }

  clear(): void {
    this.#groups.clear()
    this.#memberCount = 0
  }
}

function sizeOf(groups: Iterable<Group>): number {
  let size = 0
  for (const group of groups) size += group.size
  return size
}

function tellChanges(before: ReadonlyMap<string, Group>, after: ReadonlyMap<string, Group>, onChange: OnChange): void {
  for (const [key, group] of before) if (!after.has(key)) onChange('leave', group.term, group.toArray())
  for (const [key, group] of after) {
    const pids = group.toArray()
    const { joined, left } = before.get(key)?.changesTo(pids) ?? { joined: pids, left: [] }
    if (left.length > 0) onChange('leave', group.term, left)
    if (joined.length > 0) onChange('join', group.term, joined)
  }
}
