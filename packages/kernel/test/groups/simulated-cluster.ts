import assert from 'node:assert/strict'
import { Pid } from '@tiebeam/distribution'
import { decode, encode } from '@tiebeam/etf'
import type { Random } from '@tiebeam/testing'
import { type GroupChange, Scope, type ScopeEffect } from '../../src/groups/scope.ts'
import { parseScopeMessage, type ScopeMessage, scopeMessage } from '../../src/groups/scope-messages.ts'

interface SimulatedNode {
  readonly name: string
  scope: Scope
  /** Of the scope process; undefined while there is none. */
  pid: Pid | undefined
  /** Living processes, and their memberships: what is true. */
  readonly processes: Map<string, { readonly pid: Pid; readonly groups: unknown[] }>
  readonly monitored: Map<string, Pid>
  readonly awaited: Pid[]
  follower: ((change: GroupChange) => void) | undefined
}

/** What is under way to a node, in the order in which it arrives. */
type Arrival =
  | { readonly type: 'message'; readonly from: string; readonly to: Pid | 'name'; readonly message: unknown }
  | { readonly type: 'down'; readonly pid: Pid }

/** Nodes with a scope each. Messages of one node to another arrive in order; all else, in any order. */
export class SimulatedCluster {
  refuseOutput = false
  readonly #random: Random
  readonly #nodes = new Map<string, SimulatedNode>()
  readonly #links = new Set<string>()
  /** By "from to". Those of a node to itself are the ends of its own processes. */
  readonly #underWay = new Map<string, Arrival[]>()
  #lastId = 0

  constructor(names: readonly string[], random: Random) {
    this.#random = random
    for (const name of names) {
      const node: SimulatedNode = {
        name,
        // So few that joins follow a sync now and then.
        scope: new Scope({
          node: name,
          // Some speak as Tiebeam nodes to each other.
          isTiebeam: (other) => name < 'c' && other < 'c',
          membershipsMax: 1_000,
          syncLimits: { syncPidsMax: 3, joinPidsMin: 2, joinPidsMax: 2 },
        }),
        pid: undefined,
        processes: new Map(),
        monitored: new Map(),
        awaited: [],
        follower: undefined,
      }
      this.#nodes.set(name, node)
      this.#startScope(node)
    }
  }

  /** One thing happens: a message arrives, mostly. */
  randomStep(groups: readonly unknown[]): void {
    const random = this.#random
    const node = this.#node(random.pick([...this.#nodes.keys()]))
    const other = this.#node(random.pick([...this.#nodes.keys()]))
    const processes = [...node.processes.values()]
    switch (random.integer(14)) {
      case 0:
        this.spawn(node.name)
        return
      case 1:
      case 2:
        if (processes.length > 0) this.join(node.name, random.pick(groups), this.#some(processes))
        return
      case 3:
        if (processes.length > 0) this.leave(node.name, random.pick(groups), this.#some(processes))
        return
      case 4:
        if (processes.length > 0 && random.chance(0.5)) this.#endProcess(node, random.pick(processes).pid)
        return
      case 5:
        if (node !== other) this.#connect(node, other)
        return
      case 6:
        if (node !== other && random.chance(0.5)) this.#disconnect(node, other)
        return
      case 7:
        if (random.chance(0.2)) this.#replaceScope(node, random.chance(0.5))
        return
      default:
        this.#arrive()
    }
  }

  /** Everything that is under way arrives. */
  settle(): void {
    while (this.#arrive());
  }

  connectAll(): void {
    const nodes = [...this.#nodes.values()]
    for (const a of nodes) for (const b of nodes) if (a.name < b.name) this.#connect(a, b)
  }

  /** There is room for output again. */
  drain(): void {
    for (const node of this.#nodes.values()) {
      for (const pid of node.awaited.splice(0)) this.#carryOut(node, node.scope.outputDrained(pid))
    }
  }

  /** Every node sees its own members, those of the nodes it is connected to, and nothing else. */
  check(groups: readonly unknown[], what: string): void {
    for (const node of this.#nodes.values()) {
      const seen = [...this.#nodes.values()].filter((each) => each === node || this.#isLinked(node, each))
      for (const group of groups) {
        const expected = seen.flatMap((each) => trueMembers(each, group)).sort()
        assert.deepEqual(this.members(node.name, group), expected, `${what}: ${node.name} of ${String(group)}`)
      }
    }
  }

  /** Keys of the pids, sorted. */
  members(name: string, group: unknown): string[] {
    const { membership } = this.#node(name).scope
    return membership
      .members(group)
      .map(({ key }) => key)
      .sort()
  }

  follow(name: string, follower: (change: GroupChange) => void): void {
    const node = this.#node(name)
    node.follower = follower
    node.scope.monitors.addToScope('follower')
  }

  spawn(name: string): Pid {
    const pid = this.#newPid(name)
    this.#node(name).processes.set(pid.key, { pid, groups: [] })
    return pid
  }

  join(name: string, group: unknown, pids: readonly Pid[]): void {
    const node = this.#node(name)
    for (const pid of pids) node.processes.get(pid.key)?.groups.push(group)
    this.#carryOut(node, node.scope.join(group, pids))
  }

  leave(name: string, group: unknown, pids: readonly Pid[]): void {
    const node = this.#node(name)
    let left = false
    for (const pid of pids) {
      const groups = node.processes.get(pid.key)?.groups ?? []
      const at = groups.indexOf(group)
      if (at >= 0) groups.splice(at, 1)
      left ||= at >= 0
    }
    const effects = node.scope.leave(group, pids)
    assert.equal(effects !== undefined, left)
    this.#carryOut(node, effects ?? [])
  }

  #some(processes: readonly { readonly pid: Pid }[]): Pid[] {
    return Array.from({ length: this.#random.integer(1, 4) }, () => this.#random.pick(processes).pid)
  }

  #arrive(): boolean {
    const waiting = [...this.#underWay].filter(([, arrivals]) => arrivals.length > 0)
    if (waiting.length === 0) return false
    const [route, arrivals] = this.#random.pick(waiting)
    const arrival = arrivals.shift() as Arrival
    const node = this.#node(route.split(' ')[1] as string)
    if (arrival.type === 'down') {
      if (node.monitored.delete(arrival.pid.key)) this.#carryOut(node, node.scope.down(arrival.pid))
    } else if (arrival.to === 'name' || arrival.to.key === node.pid?.key) {
      const message = parseScopeMessage(arrival.message)
      assert.ok(message !== undefined, 'what is sent is understood')
      this.#carryOut(node, node.scope.receive(message))
    }
    return true
  }

  #carryOut(node: SimulatedNode, effects: readonly ScopeEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'notify':
          node.follower?.(effect.change)
          continue
        case 'discover': {
          const message = scopeMessage({ type: 'discover', peer: node.pid as Pid })
          if (this.#isLinked(node, this.#node(effect.node))) this.#post(node.name, effect.node, 'name', message)
          continue
        }
        case 'send':
          this.#send(node, effect.to, effect.message)
          continue
        case 'sendAll':
          for (const message of effect.messages) if (!this.#send(node, effect.to, message)) break
          continue
        case 'monitor':
          node.monitored.set(effect.pid.key, effect.pid)
          if (!this.#isAlive(effect.pid)) this.#tellDown(node, effect.pid)
          continue
        case 'demonitor':
          node.monitored.delete(effect.pid.key)
          continue
        case 'awaitOutput':
          node.awaited.push(effect.peer)
          continue
        case 'refused':
          assert.fail(`${node.name} refused what ${effect.peer} announced`)
      }
    }
  }

  #send(node: SimulatedNode, to: Pid, message: ScopeMessage): boolean {
    if (this.refuseOutput) this.#carryOut(node, node.scope.outputFull(to))
    else if (this.#isLinked(node, this.#node(to.node))) this.#post(node.name, to.node, to, scopeMessage(message))
    return !this.refuseOutput
  }

  #post(from: string, to: string, recipient: Pid | 'name', message: unknown): void {
    // As over a connection: the two sides share nothing.
    const received = decode(encode(message))
    this.#queue(from, to).push({ type: 'message', from, to: recipient, message: received })
  }

  #tellDown(node: SimulatedNode, pid: Pid): void {
    this.#queue(pid.node, node.name).push({ type: 'down', pid })
  }

  #startScope(node: SimulatedNode): void {
    node.pid = this.#newPid(node.name)
    const peers = [...this.#nodes.values()].filter((each) => each !== node && this.#isLinked(node, each))
    this.#carryOut(
      node,
      node.scope.started(
        node.pid,
        peers.map(({ name }) => name),
      ),
    )
  }

  /** It was killed and replaced, or (`anew`) stopped and started again, which forgets the members of the node. */
  #replaceScope(node: SimulatedNode, anew: boolean): void {
    const old = node.pid as Pid
    node.pid = undefined
    for (const each of this.#nodes.values()) {
      if (each !== node && each.monitored.has(old.key) && this.#isLinked(node, each)) this.#tellDown(each, old)
    }
    node.monitored.clear()
    if (anew && node.follower === undefined) {
      node.scope.stopped()
      for (const { groups } of node.processes.values()) groups.length = 0
    }
    this.#startScope(node)
  }

  #endProcess(node: SimulatedNode, pid: Pid): void {
    node.processes.delete(pid.key)
    if (node.monitored.has(pid.key)) this.#tellDown(node, pid)
  }

  #connect(a: SimulatedNode, b: SimulatedNode): void {
    if (this.#isLinked(a, b)) return
    this.#links.add(linkOf(a, b))
    this.#carryOut(a, a.scope.nodeUp(b.name))
    // As an OTP node to which the other one is hidden.
    if (this.#random.chance(0.7)) this.#carryOut(b, b.scope.nodeUp(a.name))
  }

  /** What is under way is lost, and each side learns that the other's processes are gone. */
  #disconnect(a: SimulatedNode, b: SimulatedNode): void {
    if (!this.#links.delete(linkOf(a, b))) return
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#queue(from.name, to.name).length = 0
      for (const pid of to.monitored.values()) if (pid.node === from.name) this.#tellDown(to, pid)
    }
  }

  #isAlive(pid: Pid): boolean {
    const { pid: scope, processes } = this.#node(pid.node)
    return scope?.key === pid.key || processes.has(pid.key)
  }

  #isLinked(a: SimulatedNode, b: SimulatedNode): boolean {
    return this.#links.has(linkOf(a, b))
  }

  #queue(from: string, to: string): Arrival[] {
    const route = `${from} ${to}`
    const arrivals = this.#underWay.get(route) ?? []
    this.#underWay.set(route, arrivals)
    return arrivals
  }

  #newPid(name: string): Pid {
    return new Pid(name, ++this.#lastId, 0, 1)
  }

  #node(name: string): SimulatedNode {
    return this.#nodes.get(name) as SimulatedNode
  }
}

function trueMembers({ processes }: SimulatedNode, group: unknown): string[] {
  return [...processes.values()].flatMap(({ pid, groups }) =>
    groups.filter((each) => each === group).map(() => pid.key),
  )
}

function linkOf(a: SimulatedNode, b: SimulatedNode): string {
  return [a.name, b.name].sort().join(' ')
}
