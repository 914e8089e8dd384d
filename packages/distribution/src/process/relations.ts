import type { Pid, Reference } from '@tiebeam/etf'
import type {
  DemonitorSignal,
  ExitSignal,
  LinkSignal,
  MonitorExitSignal,
  MonitorSignal,
  Signal,
  UnlinkAckSignal,
  UnlinkSignal,
} from '../signals.ts'
import { NOCONNECTION, NOPROC, type RemoteName } from './notices.ts'
import { numberOf } from './process-table.ts'
import { ReferenceMap } from './reference-map.ts'

/** What is to be done as the consequence of an event, in this order. */
export type RelationEffect =
  /** The local process `sender` tells another node. (A signal may name its sender by its registered name only.) */
  | { readonly type: 'signal'; readonly node: string; readonly sender: Pid; readonly signal: Signal }
  /** An exit signal reaches the local process `to` because of a link. */
  | { readonly type: 'linkBroken'; readonly to: Pid; readonly from: Pid; readonly reason: unknown }
  /** A monitor of the local process `to` fires. */
  | {
      readonly type: 'down'
      readonly to: Pid
      readonly reference: Reference
      readonly target: Pid | RemoteName
      readonly reason: unknown
    }

export interface RelationsInit {
  /** Name of the own node. */
  readonly node: string
  /** Whether this pid of the own node is a living process. */
  readonly alive: (pid: Pid) => boolean
  readonly whereis: (name: string) => Pid | undefined
}

interface Link {
  readonly pid: Pid
  /** Set while an unlink of ours is not acknowledged: the link is inactive, and what comes over it is ignored. */
  unlinkId: bigint | undefined
}

interface Monitor {
  readonly reference: Reference
  readonly target: Pid | RemoteName
  /** The local process that is watched; undefined when the target is on another node. */
  readonly local: Pid | undefined
}

interface Watcher {
  readonly from: Pid
  readonly reference: Reference
  /** As the watcher named us. */
  readonly target: Pid | RemoteName
}

/** Of one local process. Most have one kind of relation, and many live for one message: a map is made when it is wanted. */
class Relation {
  readonly pid: Pid
  /** By key of the other process. */
  #links: Map<string, Link> | undefined
  #monitors: ReferenceMap<Monitor> | undefined
  #watchers: ReferenceMap<Watcher> | undefined

  constructor(pid: Pid) {
    this.pid = pid
  }

  get links(): Map<string, Link> {
    this.#links ??= new Map()
    return this.#links
  }

  get monitors(): ReferenceMap<Monitor> {
    this.#monitors ??= new ReferenceMap()
    return this.#monitors
  }

  get watchers(): ReferenceMap<Watcher> {
    this.#watchers ??= new ReferenceMap()
    return this.#watchers
  }

  get counts(): { readonly links: number; readonly monitors: number } {
    return { links: this.#links?.size ?? 0, monitors: (this.#monitors?.size ?? 0) + (this.#watchers?.size ?? 0) }
  }

  eachLink(): Iterable<Link> {
    return this.#links?.values() ?? []
  }

  eachMonitor(): Iterable<Monitor> {
    return this.#monitors?.values() ?? []
  }

  eachWatcher(): Iterable<Watcher> {
    return this.#watchers?.values() ?? []
  }
}

/**
 * The links and monitors of all processes of one node, to each other and to those of other nodes. A pure state machine: events in,
 * effects out. Source: "Link Protocol" and "Protocol between Connected Nodes" of the Distribution Protocol guide.
 *
 * Monitors and links to another node are asked for with a signal to it. Whoever carries the effects out calls `disconnected` when
 * the node cannot be reached.
 */
export class Relations {
  readonly #init: RelationsInit
  /** By number of the local process. An entry lives from the first relation until the process ends. */
  readonly #relations = new Map<number, Relation>()
  /** The local process that is watched under this reference, by a process of another node and by name. */
  readonly #watchedByName = new ReferenceMap<Relation>()
  #unlinkId = 0n

  constructor(init: RelationsInit) {
    this.#init = init
  }

  get counts(): { readonly links: number; readonly monitors: number } {
    let links = 0
    let monitors = 0
    for (const relation of this.#relations.values()) {
      const counts = relation.counts
      links += counts.links
      monitors += counts.monitors
    }
    return { links, monitors }
  }

  /** The local process `from` links to `to`. */
  link(from: Pid, to: Pid): RelationEffect[] {
    if (from.key === to.key) return []
    const links = this.#of(from).links
    const known = links.get(to.key)
    if (known !== undefined && known.unlinkId === undefined) return []
    if (this.#isLocal(to)) {
      if (!this.#init.alive(to)) return [{ type: 'linkBroken', to: from, from: to, reason: NOPROC }]
      links.set(to.key, { pid: to, unlinkId: undefined })
      this.#of(to).links.set(from.key, { pid: from, unlinkId: undefined })
      return []
    }
    // A link that is being unlinked is made active again: the late acknowledgement no longer matches and is ignored.
    links.set(to.key, { pid: to, unlinkId: undefined })
    return [signalEffect(from, to.node, { type: 'link', from, to })]
  }

  unlink(from: Pid, to: Pid): RelationEffect[] {
    const links = this.#find(from)?.links
    const link = links?.get(to.key)
    if (links === undefined || link === undefined || link.unlinkId !== undefined) return []
    if (this.#isLocal(to)) {
      links.delete(to.key)
      this.#find(to)?.links.delete(from.key)
      return []
    }
    this.#unlinkId = this.#unlinkId === 0xffff_ffff_ffff_ffffn ? 1n : this.#unlinkId + 1n
    link.unlinkId = this.#unlinkId
    return [signalEffect(from, to.node, { type: 'unlink', id: this.#unlinkId, from, to })]
  }

  /** A link signal from another node. */
  linked(signal: LinkSignal): RelationEffect[] {
    const { from, to } = signal
    if (!this.#init.alive(to)) return [exitSignal(to, from, NOPROC)]
    const links = this.#of(to).links
    // One that we are unlinking stays so: the peer sent this before it saw our unlink, which will undo it there.
    if (!links.has(from.key)) links.set(from.key, { pid: from, unlinkId: undefined })
    return []
  }

  /** An unlink signal from another node; the acknowledgement precedes whatever else goes to its sender. */
  unlinked(signal: UnlinkSignal): RelationEffect[] {
    const { id, from, to } = signal
    const links = this.#find(to)?.links
    if (links?.get(from.key)?.unlinkId === undefined) links?.delete(from.key)
    // Id 0 stands for the old UNLINK, which wants no answer.
    if (id === 0n) return []
    return [signalEffect(to, from.node, { type: 'unlinkAck', id, from: to, to: from })]
  }

  unlinkAcknowledged(signal: UnlinkAckSignal): void {
    const links = this.#find(signal.to)?.links
    if (links?.get(signal.from.key)?.unlinkId === signal.id) links.delete(signal.from.key)
  }

  /** A process of another node ended, to which the local process `to` was linked. */
  linkExited(signal: ExitSignal): RelationEffect[] {
    const { from, to, reason } = signal
    const links = this.#find(to)?.links
    const link = links?.get(from.key)
    if (links === undefined || link === undefined || link.unlinkId !== undefined) return []
    links.delete(from.key)
    return [{ type: 'linkBroken', to, from, reason }]
  }

  /** The local process `from` monitors `target`, under a reference that was never used before. */
  monitor(from: Pid, target: Pid | RemoteName, reference: Reference): RelationEffect[] {
    if (target.node !== this.#init.node) {
      this.#of(from).monitors.set(reference, { reference, target, local: undefined })
      return [signalEffect(from, target.node, { type: 'monitor', from, to: addressOf(target), reference })]
    }
    const local = this.#resolve(addressOf(target))
    if (local === undefined) return [{ type: 'down', to: from, reference, target, reason: NOPROC }]
    this.#of(from).monitors.set(reference, { reference, target, local })
    this.#of(local).watchers.set(reference, { from, reference, target })
    return []
  }

  /** The local process `from` had `to` started by another node, where link and monitor stand already. */
  spawned(from: Pid, to: Pid, related: { readonly link: boolean; readonly monitor: Reference | undefined }): void {
    const relation = this.#of(from)
    if (related.link) relation.links.set(to.key, { pid: to, unlinkId: undefined })
    const reference = related.monitor
    if (reference !== undefined) relation.monitors.set(reference, { reference, target: to, local: undefined })
  }

  /** Whether the local process `from` still waits for this monitor to fire. */
  isMonitoring(from: Pid, reference: Reference): boolean {
    return this.#find(from)?.monitors.get(reference) !== undefined
  }

  demonitor(from: Pid, reference: Reference): RelationEffect[] {
    const monitors = this.#find(from)?.monitors
    const monitor = monitors?.get(reference)
    if (monitors === undefined || monitor === undefined) return []
    monitors.delete(reference)
    return this.#unwatch(from, monitor)
  }

  /** A process of another node monitors a process or a name of ours. */
  monitored(signal: MonitorSignal): RelationEffect[] {
    const { from, to, reference } = signal
    const local = this.#resolve(to)
    if (local === undefined) {
      // A name without a process has no pid either; nobody else sends in its place, so any sender will do for the order.
      const exit: Signal = { type: 'monitorExit', from: to, to: from, reference, reason: NOPROC }
      return [signalEffect(typeof to === 'string' ? from : to, from.node, exit)]
    }
    const target = typeof to === 'string' ? { name: to, node: this.#init.node } : to
    const relation = this.#of(local)
    relation.watchers.set(reference, { from, reference, target })
    if (typeof to === 'string') this.#watchedByName.set(reference, relation)
    return []
  }

  demonitored(signal: DemonitorSignal): void {
    const { from, to, reference } = signal
    // The name that was monitored may have gone to another process since.
    const watchers = (typeof to === 'string' ? this.#watchedByName.get(reference) : this.#find(to))?.watchers
    const watcher = watchers?.get(reference)
    // A reference of one process does not undo the monitor of another.
    if (watchers === undefined || watcher?.from.equals(from) !== true) return
    watchers.delete(reference)
    if ('name' in watcher.target) this.#watchedByName.delete(reference)
  }

  /** The monitor of a local process fired on another node. */
  monitorExited(signal: MonitorExitSignal): RelationEffect[] {
    const { to, reference, reason } = signal
    const monitors = this.#find(to)?.monitors
    const monitor = monitors?.get(reference)
    if (monitors === undefined || monitor === undefined) return []
    monitors.delete(reference)
    return [{ type: 'down', to, reference, target: monitor.target, reason }]
  }

  /** A local process ended. From now on it must not count as alive. */
  ended(pid: Pid, reason: unknown): RelationEffect[] {
    const relation = this.#find(pid)
    if (relation === undefined) return []
    this.#relations.delete(numberOf(pid))
    const effects: RelationEffect[] = []
    for (const link of relation.eachLink()) {
      if (link.unlinkId !== undefined) continue
      if (this.#isLocal(link.pid)) {
        this.#find(link.pid)?.links.delete(pid.key)
        effects.push({ type: 'linkBroken', to: link.pid, from: pid, reason })
      } else effects.push(exitSignal(pid, link.pid, reason))
    }
    for (const monitor of relation.eachMonitor()) effects.push(...this.#unwatch(pid, monitor))
    for (const { from, reference, target } of relation.eachWatcher()) {
      if (this.#isLocal(from)) {
        this.#find(from)?.monitors.delete(reference)
        effects.push({ type: 'down', to: from, reference, target, reason })
      } else {
        this.#watchedByName.delete(reference)
        effects.push(
          signalEffect(pid, from.node, { type: 'monitorExit', from: addressOf(target), to: from, reference, reason }),
        )
      }
    }
    return effects
  }

  /** The connection to a node was lost, or could not be made: all that hung on it fires with `noconnection`. */
  disconnected(node: string): RelationEffect[] {
    const effects: RelationEffect[] = []
    for (const relation of this.#relations.values()) {
      const to = relation.pid
      for (const link of relation.eachLink()) {
        if (link.pid.node !== node) continue
        relation.links.delete(link.pid.key)
        if (link.unlinkId === undefined) effects.push({ type: 'linkBroken', to, from: link.pid, reason: NOCONNECTION })
      }
      for (const { reference, target } of relation.eachMonitor()) {
        if (target.node !== node) continue
        relation.monitors.delete(reference)
        effects.push({ type: 'down', to, reference, target, reason: NOCONNECTION })
      }
      for (const { from, reference } of relation.eachWatcher()) {
        if (from.node !== node) continue
        relation.watchers.delete(reference)
        this.#watchedByName.delete(reference)
      }
    }
    return effects
  }

  #unwatch(from: Pid, { reference, target, local }: Monitor): RelationEffect[] {
    if (local !== undefined) {
      this.#find(local)?.watchers.delete(reference)
      return []
    }
    return [signalEffect(from, target.node, { type: 'demonitor', from, to: addressOf(target), reference })]
  }

  #resolve(to: Pid | string): Pid | undefined {
    if (typeof to === 'string') return this.#init.whereis(to)
    return this.#init.alive(to) ? to : undefined
  }

  #isLocal(pid: Pid): boolean {
    return pid.node === this.#init.node
  }

  /** A pid of an earlier life of this node has the number of another process now. */
  #find(pid: Pid): Relation | undefined {
    const relation = this.#relations.get(numberOf(pid))
    return relation?.pid.equals(pid) === true ? relation : undefined
  }

  #of(pid: Pid): Relation {
    const number = numberOf(pid)
    let relation = this.#relations.get(number)
    if (relation === undefined) {
      relation = new Relation(pid)
      this.#relations.set(number, relation)
    }
    return relation
  }
}

function addressOf(target: Pid | RemoteName): Pid | string {
  return 'name' in target ? target.name : target
}

function signalEffect(sender: Pid, node: string, signal: Signal): RelationEffect {
  return { type: 'signal', node, sender, signal }
}

function exitSignal(from: Pid, to: Pid, reason: unknown): RelationEffect {
  return signalEffect(from, to.node, { type: 'exit', from, to, reason })
}
