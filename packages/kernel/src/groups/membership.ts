import type { Pid } from '@tiebeam/distribution'
import { NodeMembers } from './node-members.ts'
import { termKey } from './term-key.ts'

export interface GroupMembers {
  readonly group: unknown
  readonly members: readonly Pid[]
}

/**
 * Who is a member of what, as one node sees it. Each node's members stand apart: to take what a peer tells, or to forget it, touches nothing else.
 */
export class Membership {
  readonly own = new NodeMembers()
  readonly #nodes = new Set<NodeMembers>([this.own])

  addPeer(): NodeMembers {
    const members = new NodeMembers()
    this.#nodes.add(members)
    return members
  }

  removePeer(members: NodeMembers): void {
    this.#nodes.delete(members)
  }

  /** On all nodes. A process counts as often as it joined. */
  get memberCount(): number {
    let count = 0
    for (const node of this.#nodes) count += node.memberCount
    return count
  }

  /** In an array of the caller's own; none for a group that is not there. */
  members(term: unknown): Pid[] {
    return this.#membersOf(termKey(term))
  }

  /** Those that have members, on any node. */
  get groupCount(): number {
    let count = 0
    for (const { node, before } of this.#inTurn()) {
      if (before.length === 0) count += node.groupCount
      else for (const [key] of node) if (!has(before, key)) count++
    }
    return count
  }

  /** The names of all groups. */
  terms(): unknown[] {
    return this.#map((_, term) => term)
  }

  groups(): GroupMembers[] {
    return this.#map((key, group) => ({ group, members: this.#membersOf(key) }))
  }

  clear(): void {
    this.#nodes.clear()
    this.#nodes.add(this.own)
    this.own.clear()
  }

  #membersOf(key: string): Pid[] {
    const pids: Pid[] = []
    for (const node of this.#nodes) node.find(key)?.appendTo(pids)
    return pids
  }

  #map<Result>(toResult: (key: string, term: unknown) => Result): Result[] {
    const results: Result[] = []
    for (const { node, before } of this.#inTurn()) {
      for (const [key, { term }] of node) {
        if (!has(before, key)) results.push(toResult(key, term))
      }
    }
    return results
  }

  /** The nodes with members, each with those before it, whose groups are not to be counted again. */
  #inTurn(): { readonly node: NodeMembers; readonly before: readonly NodeMembers[] }[] {
    const nodes = [...this.#nodes].filter(({ memberCount }) => memberCount > 0)
    return nodes.map((node, at) => ({ node, before: nodes.slice(0, at) }))
  }
}

function has(nodes: readonly NodeMembers[], key: string): boolean {
  return nodes.some((node) => node.find(key) !== undefined)
}
