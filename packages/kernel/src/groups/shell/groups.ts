import {
  atom,
  DistributionError,
  type GenCall,
  genCall,
  type Logger,
  type Node,
  Pid,
  type Process,
  type Reference,
  silentLogger,
  type Tuple,
  tuple,
} from '@tiebeam/distribution'
import { encode } from '@tiebeam/etf'
import { KernelError } from '../../errors.ts'
import { membersMap, parseGroupsRequest, READ_SO_FAR, SYSTEM } from '../gen-requests.ts'
import { CHANGES_MAX, GroupMonitor, type GroupMonitorInit } from '../group-monitor.ts'
import type { GroupMembers } from '../membership.ts'
import { Scope } from '../scope.ts'
import { termKey } from '../term-key.ts'
import { ChangeDelivery } from './change-delivery.ts'
import { ScopeProcess } from './scope-process.ts'

export interface GroupsInit {
  /** Nodes share the groups of scopes of the same name. Default `pg`, OTP's own default. */
  readonly scope?: string
  /** How often nodes that seem to have no such scope are asked again, 1 to 2,147,483,647. Default 5,000. */
  readonly discoverMs?: number
  /**
   * How many memberships one other node may announce. What is beyond that is not taken, and logged once. At least 1. Default 1,000,000, which
   * take some 200 MB.
   */
  readonly membershipsMax?: number
  readonly logger?: Logger
}

export interface GroupsStats {
  readonly scope: string
  readonly groups: number
  /** On all nodes. A process counts as often as it joined. */
  readonly memberships: number
  /** The nodes that have this scope, as far as it is known here; the own one left out. */
  readonly peers: readonly string[]
}

const DEFAULT_SCOPE = 'pg'
const DISCOVER_MS = 5_000
const MEMBERSHIPS_MAX = 1_000_000
const LEAVE_MS = 2_000
const TIMER_MS_MAX = 2 ** 31 - 1

/**
 * Process groups that span the cluster: those of OTP's `pg`, shared with BEAM nodes. A group is there while it has members, and any term can be
 * its name. Each node knows all members, with a delay of one message; a node that is lost takes its members along. Only processes of the own
 * node can be made to join and leave. A process that joins a group several times is in it several times.
 */
export class Groups {
  readonly scope: string
  /** The node whose processes can join and leave. */
  readonly node: Node
  readonly #state: Scope
  readonly #process: ScopeProcess
  readonly #delivery: ChangeDelivery
  #stopped = false
  #left = false

  /**
   * Starts the scope on this node, under its registered name. When this resolves, the connected nodes have been asked for their members; see
   * `monitor` for how to learn of them.
   * @throws KernelError `SCOPE_TAKEN`, `OPTION_INVALID`; DistributionError `NODE_STOPPED`, `OPTION_INVALID`
   */
  static start(node: Node, init: GroupsInit = {}): Promise<Groups> {
    return new Promise((resolve, reject) => {
      try {
        const groups: Groups = new Groups(node, init, () => resolve(groups))
      } catch (error) {
        reject(error)
      }
    })
  }

  private constructor(node: Node, init: GroupsInit, onStarted: () => void) {
    this.scope = init.scope ?? DEFAULT_SCOPE
    this.node = node
    this.#state = new Scope({
      node: node.name,
      isTiebeam: (name) => node.nodes('tiebeam').includes(name),
      membershipsMax: membershipsMaxOf(init),
    })
    const logger = (init.logger ?? silentLogger).child({ node: node.name, scope: this.scope })
    this.#delivery = new ChangeDelivery(this.#state.monitors, logger)
    try {
      this.#process = new ScopeProcess({
        node,
        name: this.scope,
        state: this.#state,
        logger,
        discoverMs: discoverMsOf(init),
        onChange: (monitor, change) => this.#delivery.deliver(this.#process.self, monitor, change),
        onStarted: (self) => {
          this.#delivery.restarted(self)
          onStarted()
        },
        onDown: (down) => this.#delivery.down(down),
        onCall: (call) => this.#answer(call),
        onLost: () => this.#end(),
      })
    } catch (error) {
      throw isNameTaken(error) ? scopeTaken(this.scope, error) : error
    }
  }

  /**
   * Makes processes of this node members of a group. They are seen here at once, and on other nodes as soon as a message has reached those.
   * They leave by themselves when they end. After {@link leaveAll}, nobody joins any more.
   * @throws KernelError `NOT_LOCAL`, `GROUPS_STOPPED`; EncodeError for a name of a group that has no term
   */
  join(group: unknown, pids: Pid | readonly Pid[]): void {
    const local = this.#checked(pids)
    if (this.#left) return
    // Found out now it is the caller's error; later it would keep peers from being told anything.
    if (this.#state.membership.own.find(termKey(group)) === undefined) encode(group)
    this.#process.carryOut(this.#state.join(group, local))
  }

  /**
   * Takes processes out of a group, once for each time that they are named here.
   * @returns false when none of them was a member
   * @throws KernelError `NOT_LOCAL`, `GROUPS_STOPPED`; EncodeError
   */
  leave(group: unknown, pids: Pid | readonly Pid[]): boolean {
    const effects = this.#state.leave(group, this.#checked(pids))
    if (effects !== undefined) this.#process.carryOut(effects)
    return effects !== undefined
  }

  /**
   * Takes all processes of this node out of all groups, because the node is about to leave the cluster: servers that are restarted until then do not come
   * back. Resolves when the other nodes have taken note of it, so that from then on none of them chooses a process of this node, or when one of
   * them gives no answer for `timeoutMs` (default 2,000).
   * @throws KernelError `GROUPS_STOPPED`
   */
  async leaveAll({ timeoutMs = LEAVE_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#checkRunning()
    this.#left = true
    for (const group of this.whichLocalGroups()) this.leave(group, this.localMembers(group))
    // Whoever answers has read what was sent before.
    const question = (alias: Reference): Tuple => genCall(this.node.pid, alias, READ_SO_FAR, SYSTEM)
    const ask = (node: string): Promise<unknown> => this.node.ask({ name: this.scope, node }, question, { timeoutMs })
    await Promise.allSettled(this.#state.peers.map(ask))
  }

  /** The members on all nodes, in no particular order; none for a group that is not there. @throws EncodeError */
  members(group: unknown): Pid[] {
    return this.#state.membership.members(group)
  }

  /** Those on this node. @throws EncodeError */
  localMembers(group: unknown): Pid[] {
    return this.#state.membership.own.find(termKey(group))?.toArray() ?? []
  }

  /** The names of all groups. */
  whichGroups(): unknown[] {
    return this.#state.membership.terms()
  }

  /** The names of those that have members on this node. */
  whichLocalGroups(): unknown[] {
    return this.#state.membership.own.terms()
  }

  /** The present members of a group and, without a gap, all changes from now on. @throws KernelError `GROUPS_STOPPED`; EncodeError */
  monitor(group: unknown, init: GroupMonitorInit = {}): GroupMonitor<readonly Pid[]> {
    this.#checkRunning()
    const before = this.members(group)
    return new GroupMonitor(before, this.#delivery.stream({ group }, init.changesMax ?? CHANGES_MAX))
  }

  /** All groups with their members and, without a gap, all changes from now on. @throws KernelError `GROUPS_STOPPED` */
  monitorScope(init: GroupMonitorInit = {}): GroupMonitor<readonly GroupMembers[]> {
    this.#checkRunning()
    return new GroupMonitor(
      this.#state.membership.groups(),
      this.#delivery.stream('scope', init.changesMax ?? CHANGES_MAX),
    )
  }

  /**
   * Has a process told of the changes in a group: `{Reference, join | leave, Group, Pids}`, as `pg:monitor/2` of OTP does it. It ends with
   * the process, or by `demonitor`.
   * @returns the present members, and the reference that the messages carry
   * @throws KernelError `GROUPS_STOPPED`; EncodeError
   */
  monitorFor(pid: Pid, group: unknown): { readonly reference: Reference; readonly members: readonly Pid[] } {
    const self = this.#runningProcess()
    const members = this.members(group)
    return { reference: this.#delivery.toProcess(self, pid, { group }), members }
  }

  /** The same for all groups of the scope: `pg:monitor_scope/1`. @throws KernelError `GROUPS_STOPPED` */
  monitorScopeFor(pid: Pid): { readonly reference: Reference; readonly groups: readonly GroupMembers[] } {
    const self = this.#runningProcess()
    return { reference: this.#delivery.toProcess(self, pid, 'scope'), groups: this.#state.membership.groups() }
  }

  /** False when there is no such monitor. Messages that were sent before are not taken back. */
  demonitor(reference: Reference): boolean {
    return this.#delivery.stopToProcess(this.#process.self, reference)
  }

  stats(): GroupsStats {
    const { groupCount, memberCount } = this.#state.membership
    return { scope: this.scope, groups: groupCount, memberships: memberCount, peers: this.#state.peers }
  }

  /** Ends the scope on this node. Other nodes see its members leave at once; its monitors end. */
  async stop(): Promise<void> {
    this.#process.stop()
    this.#end()
  }

  #answer({ client, request }: GenCall): unknown {
    const understood = parseGroupsRequest(request)
    switch (understood?.type) {
      case 'monitorScope': {
        const { reference, groups } = this.monitorScopeFor(client.pid)
        return tuple(reference, membersMap(groups))
      }
      case 'monitor': {
        const { reference, members } = this.monitorFor(client.pid, understood.group)
        return tuple(reference, members)
      }
      case 'demonitor':
        return this.demonitor(understood.reference) ? atom('ok') : false
      case undefined:
        return undefined
    }
  }

  #end(): void {
    this.#stopped = true
    this.#state.stopped()
    this.#delivery.end()
  }

  #checked(pids: Pid | readonly Pid[]): readonly Pid[] {
    this.#checkRunning()
    const all = pids instanceof Pid ? [pids] : pids
    for (const pid of all) {
      if (pid instanceof Pid && pid.node === this.node.name) continue
      throw new KernelError(
        'NOT_LOCAL',
        `${String(pid)} is no process of ${this.node.name}. Only the node of a process can make it join or leave.`,
      )
    }
    return all
  }

  #runningProcess(): Process {
    const { self } = this.#process
    if (self === undefined) throw this.#stoppedError()
    return self
  }

  #checkRunning(): void {
    if (this.#stopped) throw this.#stoppedError()
  }

  #stoppedError(): KernelError {
    return new KernelError(
      'GROUPS_STOPPED',
      `The scope ${this.scope} was stopped on ${this.node.name}, or its node was.`,
    )
  }
}

function discoverMsOf({ discoverMs = DISCOVER_MS }: GroupsInit): number {
  if (discoverMs >= 1 && discoverMs <= TIMER_MS_MAX) return discoverMs
  throw new KernelError('OPTION_INVALID', `discoverMs must be 1 to ${TIMER_MS_MAX}, not ${discoverMs}.`)
}

function membershipsMaxOf({ membershipsMax = MEMBERSHIPS_MAX }: GroupsInit): number {
  if (membershipsMax >= 1) return membershipsMax
  throw new KernelError('OPTION_INVALID', `membershipsMax must be at least 1, not ${membershipsMax}.`)
}

function isNameTaken(error: unknown): boolean {
  return error instanceof DistributionError && error.code === 'NAME_TAKEN'
}

function scopeTaken(scope: string, cause: unknown): KernelError {
  const text = `A process of this node is registered as ${scope}, mostly because this scope was started before. Share its Groups, or stop them first.`
  return new KernelError('SCOPE_TAKEN', text, { cause })
}
