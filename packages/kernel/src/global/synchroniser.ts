import { equals, type Pid } from '@tiebeam/distribution'
import type { Emit } from './effects.ts'
import type { KnownNodes } from './known-nodes.ts'
import type { LockTable } from './lock-table.ts'
import type { NameTable } from './name-table.ts'
import type { Message } from './read-messages.ts'
import type { SyncSession, TheirResolution } from './sync-session.ts'
import type { Syncs } from './syncs.ts'
import {
  type Cast,
  type ExternalName,
  type KnownNode,
  type LockId,
  type NameOperation,
  type NameRecord,
  VERSION,
  VERSION_MIN,
  VERSION_OF_ACKNOWLEDGED_CONNECTS,
} from './vocabulary.ts'
import * as write from './write-messages.ts'

export interface SynchroniserInit {
  readonly own: string
  readonly locker: Pid
  readonly emit: Emit
  readonly nodes: KnownNodes
  readonly names: NameTable
  readonly locks: LockTable
  readonly syncs: Syncs
}

/** Nodes that one other may lose while we are about to join its partition, and that we remember. */
const LOST_MAX = 1_000

type Of<Type extends Message['type']> = Extract<Message, { readonly type: Type }>

/**
 * Brings this node and another to share their names: "Connection algorithm" at the head of OTP's `global`. When two nodes connect, their
 * lockers lock both partitions; then each tells the other its names, each settles the conflicts that are its to settle, and tells the other
 * what it found; then each tells its own partition, whose nodes connect to the new ones.
 */
export class Synchroniser {
  readonly #init: SynchroniserInit
  readonly #sessions = new Map<string, SyncSession>()
  /** The tag of the attempt that is under way with each node. */
  readonly #attempts = new Map<string, number>()
  #lastTag = 0

  constructor(init: SynchroniserInit) {
    this.#init = init
  }

  nodeUp(node: string): void {
    if (this.#init.nodes.isKnown(node) || this.#attempts.has(node)) return
    const session = this.#session(node)
    const { earlyConnect } = session
    delete session.earlyConnect
    this.#lastTag++
    session.ourTag = this.#lastTag
    this.#attempts.set(node, this.#lastTag)
    const { own, nodes, locker } = this.#init
    this.#cast(node, write.initConnect(own, this.#lastTag, nodes.list(), locker))
    if (earlyConnect !== undefined) this.initConnect({ type: 'initConnect', ...earlyConnect })
  }

  /** The synchronisation with this node, if one is under way, comes to nothing. */
  abandon(node: string): void {
    this.#cancel(node, this.#sessions.get(node)?.ourTag)
    this.#sessions.delete(node)
  }

  initConnect({ node, version, theirTag, locker }: Of<'initConnect'>): void {
    const { own, nodes } = this.#init
    if (version < VERSION_MIN) {
      this.#log('info', { peer: node, version }, 'global: a node speaks a version of the protocol that is too old')
      return
    }
    // The connection comes first, always; a node that claims to be another is not believed.
    if (!nodes.connected.has(node)) return
    if (nodes.isPending(node)) {
      // We are in the middle of an attempt with it, and it begins another one: that is not what it should do.
      if (version < VERSION_OF_ACKNOWLEDGED_CONNECTS) {
        this.#init.emit({ type: 'disconnect', node })
        this.#log('error', { peer: node, version }, 'global: an old node is out of step, and is disconnected')
        return
      }
      this.#tell(node, write.cancelConnect(own, theirTag))
      this.#restart(node, this.#sessions.get(node)?.ourTag)
    }
    const session = this.#session(node)
    session.version = Math.min(version, VERSION)
    session.theirTag = theirTag
    const ourTag = this.#attempts.get(node)
    if (ourTag === undefined) {
      session.earlyConnect = { node, version, theirTag, locker }
      return
    }
    const peer = { node, locker, version: session.version, ourTag, theirTag }
    this.#init.emit({ type: 'tellLocker', message: { type: 'peer', peer } })
    if (version >= VERSION_OF_ACKNOWLEDGED_CONNECTS) {
      this.#tell(node, write.initConnectAck(own, theirTag, ourTag))
    }
    nodes.setPending(node, version)
  }

  /** Both sides check that they speak of the same attempt. */
  initConnectAck({ node, ourTag, theirTag }: Of<'initConnectAck'>): void {
    const session = this.#sessions.get(node)
    if (isTag(session?.ourTag, ourTag) && equals(session?.theirTag, theirTag)) return
    this.#tell(node, write.cancelConnect(this.#init.own, theirTag))
    this.#restart(node, session?.ourTag)
  }

  cancelConnect({ node, ourTag }: Of<'cancelConnect'>): void {
    const session = this.#sessions.get(node)
    if (isTag(session?.ourTag, ourTag)) this.#restart(node, session?.ourTag)
  }

  /** Whether this tag is that of the attempt under way with the node. */
  isCurrent(node: string, ourTag: unknown): boolean {
    return isTag(this.#sessions.get(node)?.ourTag, ourTag)
  }

  /** Our locker holds the lock on both sides: now no name can change, and the names can be told. */
  lockIsSet(node: string, ourTag: number, lock: LockId): void {
    const session = this.#sessions.get(node)
    if (session === undefined || session.ourTag !== ourTag) {
      this.#cancel(node, ourTag)
      return
    }
    const { own, names } = this.#init
    this.#cast(node, write.exchange(own, names.records(), session.theirTag))
    session.lock = lock
    const { earlyNames } = session
    delete session.earlyNames
    if (earlyNames === undefined) session.lockIsSet = true
    else this.#compare(node, ourTag, earlyNames)
  }

  exchange({ node, names, ourTag }: Of<'exchange'>): void {
    const session = this.#current(node, ourTag)
    if (session?.ourTag === undefined) return
    if (session.lockIsSet === true) {
      session.lockIsSet = false
      this.#compare(node, session.ourTag, names)
    } else session.earlyNames = names
  }

  compared(node: string, ourTag: number, here: readonly NameOperation[], there: readonly NameOperation[]): void {
    const session = this.#current(node, ourTag)
    if (session === undefined) return
    const { own, nodes, names } = this.#init
    const { theirTag, earlyResolution } = session
    const init = {
      operations: there,
      known: nodes.list(),
      external: names.external(),
      theirTag,
      version: nodes.version(node),
    }
    this.#cast(node, write.resolved(own, init))
    session.operations = here
    if (earlyResolution !== undefined) this.#conclude(node, session, earlyResolution)
  }

  resolved({ node, ourTag, ...resolution }: Of<'resolved'>): void {
    const session = this.#current(node, ourTag)
    if (session === undefined) return
    if (session.operations === undefined) session.earlyResolution = resolution
    else this.#conclude(node, session, resolution)
  }

  /** A node of our partition has synchronised with one of another, and tells what that changes. */
  newNodes({ operations, external, nodes, requester }: Of<'newNodes'>): void {
    const added = this.#init.nodes.add(nodes)
    for (const each of added) this.#join(each)
    this.#apply(operations, external, requester)
    this.#init.emit({ type: 'tellLocker', message: { type: 'known', nodes: added } })
  }

  /**
   * We are connected to a node that another one has told us of, and tell it that we have the same names. Not when a connection to it has been
   * lost meanwhile: then all begins anew, and must not be stopped by this. (OTP tells it even so, and then neither may know the other.)
   */
  joined(node: string): void {
    if (this.#init.nodes.isKnown(node)) this.#cast(node, write.inSync(this.#init.own))
  }

  /** A node of another partition has the same names as we have. */
  inSync({ node }: Of<'inSync'>): void {
    const { nodes, syncs } = this.#init
    syncs.settled(node)
    nodes.synced.add(node)
    // Before the attempt is cancelled, so that the other side is not told: it has what it wants.
    nodes.settle(node)
    this.abandon(node)
  }

  /** A node reports that it has lost another. If we are about to join its partition, we join it without that node. (OTP forgets this.) */
  reportedLost(reporter: string, lost: string): void {
    const session = this.#sessions.get(reporter)
    if (session === undefined) return
    session.lost ??= new Set()
    if (session.lost.size < LOST_MAX) session.lost.add(lost)
  }

  #conclude(node: string, session: SyncSession, their: TheirResolution): void {
    const { own, nodes, syncs, emit } = this.#init
    const operations = [...(session.operations ?? []), ...their.operations]
    const { external } = their
    const knownBefore = nodes.list()
    const theirNodes = this.#withVersions(their.known).filter((each) => session.lost?.has(each.node) !== true)
    const newNodes = [...this.#withVersions([{ node, version: 0 }]), ...theirNodes]
    for (const each of theirNodes) this.#join(each.node)
    this.#apply(operations, external, session.lock?.requester)
    syncs.settled(node)
    for (const each of theirNodes) {
      nodes.settle(each.node)
      this.abandon(each.node)
    }
    const { version, lock } = session
    const casts = knownBefore.map((known): Cast => {
      const init = { operations, external, nodes: newNodes, version, lock }
      return { node: known.node, message: write.newNodes(own, init, known.version) }
    })
    nodes.settle(node)
    // The locker tells our partition before it removes the lock, and so both arrive in this order.
    this.#cancel(node, session.ourTag, casts)
    this.#sessions.delete(node)
    emit({ type: 'tellLocker', message: { type: 'known', nodes: nodes.add(newNodes) } })
    nodes.synced.add(node)
  }

  #compare(node: string, ourTag: number, names: readonly NameRecord[]): void {
    this.#init.emit({ type: 'compare', node, ourTag, names })
  }

  /** Changes that another node has made under the lock of this requester. */
  #apply(operations: readonly NameOperation[], external: readonly ExternalName[], requester: unknown): void {
    const { names, locks } = this.#init
    // If the node that took the lock has gone, and perhaps come back, since it sent this, what it inserts is void.
    const isLocked = locks.isGlobalRequester(requester) ?? !locks.globalLockLost
    for (const operation of operations) {
      if (operation.type !== 'insert' || !isLocked) continue
      const { record } = operation
      const found = external.find(({ name, pid }) => equals(name, record.name) && pid.equals(record.pid))
      names.insert(record, found?.registrar)
    }
    for (const operation of operations) if (operation.type === 'delete') names.delete(operation.name)
  }

  /** Everybody connects to everybody. */
  #join(node: string): void {
    if (node !== this.#init.own) this.#init.emit({ type: 'join', node })
  }

  #restart(node: string, ourTag: number | undefined): void {
    this.#cancel(node, ourTag)
    this.#sessions.delete(node)
    this.#init.nodes.settle(node)
    if (ourTag !== undefined) this.nodeUp(node)
  }

  /** The lockers stop; the other side is told, if it is at this attempt. */
  #cancel(node: string, ourTag: number | undefined, casts: readonly Cast[] = []): void {
    const { own, nodes, emit } = this.#init
    emit({ type: 'tellLocker', message: { type: 'cancel', node, ourTag, casts } })
    const session = this.#sessions.get(node)
    const pending = nodes.pendingVersion(node)
    if (pending !== undefined && pending >= VERSION_OF_ACKNOWLEDGED_CONNECTS && session?.ourTag === ourTag) {
      this.#tell(node, write.cancelConnect(own, session?.theirTag))
    }
    if (ourTag === undefined || this.#attempts.get(node) !== ourTag) return
    emit({ type: 'stopComparing', node, ourTag })
    this.#attempts.delete(node)
  }

  /** The session, when the tag is that of its attempt; else what the tag stood for is cancelled. */
  #current(node: string, ourTag: unknown): SyncSession | undefined {
    const session = this.#sessions.get(node)
    if (isTag(session?.ourTag, ourTag)) return session
    if (typeof ourTag === 'number') this.#cancel(node, ourTag)
    return undefined
  }

  #withVersions(known: readonly KnownNode[]): KnownNode[] {
    const { own, nodes } = this.#init
    return known.map(({ node, version }) => {
      if (version !== 0) return { node, version }
      return { node, version: node === own ? VERSION : nodes.version(node) }
    })
  }

  #session(node: string): SyncSession {
    let session = this.#sessions.get(node)
    if (session === undefined) {
      session = {}
      this.#sessions.set(node, session)
    }
    return session
  }

  #cast(node: string, message: unknown): void {
    this.#init.emit({ type: 'cast', node, message })
  }

  #tell(node: string, message: unknown): void {
    this.#init.emit({ type: 'tell', node, message })
  }

  #log(level: 'info' | 'warn' | 'error', about: object, text: string): void {
    this.#init.emit({ type: 'log', level, about, text })
  }
}

function isTag(ours: number | undefined, tag: unknown): boolean {
  return ours !== undefined && equals(ours, tag)
}
