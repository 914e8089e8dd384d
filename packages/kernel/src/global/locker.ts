import type { Pid } from '@tiebeam/distribution'
import { bossOf, deleteGlobalLock, deleteLock, type LockContext, setLockOnce } from './lock-routines.ts'
import { comparePids } from './pid-order.ts'
import type { LockSet } from './read-messages.ts'
import { NO_MESSAGE, type Routine } from './routine.ts'
import { type Cast, GLOBAL_RESOURCE, type LockId } from './vocabulary.ts'
import * as write from './write-messages.ts'

/** A node with which ours wants to synchronise. */
export interface LockingPeer {
  readonly node: string
  readonly locker: Pid
  /** The version that both understand. */
  readonly version: number
  readonly ourTag: number
  readonly theirTag: unknown
}

/** What the own server tells the locker, but for `lockSet`, which comes from another locker. */
export type LockerMessage =
  | { readonly type: 'peer'; readonly peer: LockingPeer }
  /** The attempt has ended. Before the lock is removed, the casts are to be sent. */
  | {
      readonly type: 'cancel'
      readonly node: string
      readonly ourTag: number | undefined
      readonly casts: readonly Cast[]
    }
  | { readonly type: 'known'; readonly nodes: readonly string[] }
  | { readonly type: 'forget'; readonly node: string }
  | LockSet

export interface LockerInit extends LockContext {
  readonly pid: Pid
}

/** Before the very first lock, when no other node is known. */
const FIRST_PAUSE_MS = 200
const PAUSE_MS = 1_000
const PAUSE_MS_EACH = 100
const PAUSE_MS_MAX = 3_000

/**
 * Locks our partition when another wants to join it: the "locker" of OTP's `global`. Of two lockers either may begin; both use the same
 * requester, so that nodes which are known to both are locked by both. The lock stays until the server says that the attempt is over.
 */
export class Locker {
  readonly #init: LockerInit
  #peers: LockingPeer[] = []
  #known: string[] = []
  #hasJustSynchronised = false

  constructor(init: LockerInit) {
    this.#init = init
  }

  *run(): Routine<never> {
    for (;;) {
      let message = yield* this.#receive(ANY, 0)
      if (message === NO_MESSAGE) {
        const pauseMs = this.#pauseMs()
        this.#hasJustSynchronised = false
        message = yield* this.#receive(ANY, pauseMs)
      }
      if (message !== NO_MESSAGE) yield* this.#handle(message)
      else if (!this.#init.locks.isSet(GLOBAL_RESOURCE)) yield* this.#begin()
    }
  }

  /** Never zero but after a success: else nobody else in the partition would have a chance when we fail. */
  #pauseMs(): number | undefined {
    if (this.#peers.length === 0) return undefined
    if (this.#hasJustSynchronised) return 0
    if (this.#known.length === 0) return FIRST_PAUSE_MS
    return Math.min(PAUSE_MS + PAUSE_MS_EACH * this.#known.length, PAUSE_MS_MAX)
  }

  *#handle(message: LockerMessage): Routine<void> {
    switch (message.type) {
      case 'peer':
        this.#peers.push(message.peer)
        return
      case 'cancel':
        yield* this.#cast(message.casts)
        this.#removePeer(message.node, message.ourTag)
        return
      case 'known':
      case 'forget':
        this.#updateKnown(message)
        return
      case 'lockSet':
        if (message.set) yield* this.#join(message)
        return
    }
  }

  /** Another locker has locked its side, and ours. */
  *#join({ locker, ourTag }: LockSet): Routine<void> {
    const peer = this.#peers.find(
      (each) => each.node === locker.node && (ourTag === undefined || each.ourTag === ourTag),
    )
    if (peer === undefined) {
      const { pid } = this.#init
      yield { type: 'send', to: locker, message: write.lockSet(pid, false, this.#known, undefined, 0) }
      return
    }
    const lock = this.#lockWith(locker)
    const isSet = yield* this.#lockSafely(lock, [])
    yield* this.#tell(peer, isSet)
    if (!isSet) {
      this.#hasJustSynchronised = false
      return
    }
    yield* this.#hold(peer, lock, [this.#init.own, ...this.#known])
  }

  /** We lock both sides, and see what the other locker says. */
  *#begin(): Routine<void> {
    this.#peers = this.#peers.filter(({ node }) => !this.#known.includes(node))
    const peer = this.#peers[Math.floor(this.#init.random() * this.#peers.length)]
    if (peer === undefined) return
    const lock = this.#lockWith(peer.locker)
    // Its node as well: so two that begin with each other cannot both succeed half way.
    if (!(yield* this.#lockSafely(lock, [peer.node]))) return
    const nodes = [this.#init.own, peer.node, ...this.#known]
    yield* this.#tell(peer, true)
    const answer = yield* this.#receive((message) => isCancelOf(message, peer) || isAnswerOf(message, peer), undefined)
    if (answer === NO_MESSAGE) return
    if (answer.type === 'lockSet' && answer.set) {
      yield* this.#hold(peer, lock, nodes)
      return
    }
    if (answer.type === 'cancel') {
      yield* this.#cast(answer.casts)
      this.#removePeer(peer.node, peer.ourTag)
    }
    yield* deleteGlobalLock(this.#init, lock, nodes)
  }

  /** Both sides are locked, until the server cancels: when the names are shared, or the peer is gone. */
  *#hold(peer: LockingPeer, lock: LockId, nodes: readonly string[]): Routine<void> {
    const { node, ourTag } = peer
    yield { type: 'report', event: { type: 'lockIsSet', node, ourTag, lock } }
    const cancel = yield* this.#receive((message) => isCancelOf(message, peer), undefined)
    if (cancel !== NO_MESSAGE && cancel.type === 'cancel') yield* this.#cast(cancel.casts)
    yield* deleteGlobalLock(this.#init, lock, nodes)
    this.#hasJustSynchronised = true
    this.#removePeer(node, ourTag)
  }

  /** Locks the boss, then ourselves and `extra`, then all whom we know. */
  *#lockSafely(lock: LockId, extra: readonly string[]): Routine<boolean> {
    const { own, locks } = this.#init
    const boss = bossOf([own, ...this.#known])
    // To lock ourselves first could stop a node that has already locked the boss, so we only look whether we could.
    if (boss !== own && !locks.canSet(lock)) return false
    if (!(yield* setLockOnce(this.#init, lock, [boss]))) return false
    yield* this.#updateKnownFromMailbox()
    const second = [own, ...extra].filter((node) => node !== boss)
    if (!(yield* setLockOnce(this.#init, lock, second))) {
      yield* deleteLock(this.#init, lock, [boss])
      return false
    }
    const third = this.#known.filter((node) => node !== boss)
    if (yield* setLockOnce(this.#init, lock, third)) return true
    yield* deleteLock(this.#init, lock, [boss, ...second])
    return false
  }

  *#updateKnownFromMailbox(): Routine<void> {
    for (;;) {
      const message = yield* this.#receive(({ type }) => type === 'known' || type === 'forget', 0)
      if (message === NO_MESSAGE) return
      if (message.type === 'known' || message.type === 'forget') this.#updateKnown(message)
    }
  }

  #updateKnown(message: Extract<LockerMessage, { type: 'known' | 'forget' }>): void {
    if (message.type === 'known') this.#known = [...message.nodes, ...this.#known]
    else this.#known = this.#known.filter((node) => node !== message.node)
  }

  #removePeer(node: string, ourTag: number | undefined): void {
    this.#peers = this.#peers.filter((peer) => peer.node !== node || peer.ourTag !== ourTag)
  }

  *#receive(
    isWanted: (message: LockerMessage) => boolean,
    timeoutMs: number | undefined,
  ): Routine<LockerMessage | typeof NO_MESSAGE> {
    return (yield { type: 'receive', isWanted, timeoutMs }) as LockerMessage | typeof NO_MESSAGE
  }

  *#cast(casts: readonly Cast[]): Routine<void> {
    for (const cast of casts) yield { type: 'cast', ...cast }
  }

  *#tell({ node, version, theirTag }: LockingPeer, isSet: boolean): Routine<void> {
    const message = write.lockSetCast(this.#init.pid, isSet, this.#known, theirTag, version)
    yield { type: 'cast', node, message }
  }

  #lockWith(locker: Pid): LockId {
    const requester = [this.#init.pid, locker].sort(comparePids)
    return { resource: GLOBAL_RESOURCE, requester }
  }
}

const ANY = (): boolean => true

function isCancelOf(message: LockerMessage, { node, ourTag }: LockingPeer): boolean {
  return message.type === 'cancel' && message.node === node && message.ourTag === ourTag
}

function isAnswerOf(message: LockerMessage, { node, ourTag }: LockingPeer): boolean {
  if (message.type !== 'lockSet' || message.locker.node !== node) return false
  return message.ourTag === undefined || message.ourTag === ourTag
}
