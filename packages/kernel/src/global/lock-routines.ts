import type { Pid } from '@tiebeam/distribution'
import type { LockView } from './lock-table.ts'
import { ask, type Replies, type Routine, sleep } from './routine.ts'
import { GLOBAL_RESOURCE, type LockId } from './vocabulary.ts'
import { deleteLockRequest, setLockRequest } from './write-messages.ts'

/** What those who lock know of their node. */
export interface LockContext {
  readonly own: string
  /** The locks that are set on the own node. */
  readonly locks: LockView
  /** 0 ≤ x < 1 */
  readonly random: () => number
  /** Who holds the locks, when it is not the process that runs the routine. */
  readonly owner?: Pid
}

/** Sets a lock on all nodes, or on none. @param retries how often it is tried again after a refusal */
export function* setLock(
  context: LockContext,
  lock: LockId,
  nodes: readonly string[],
  retries: number,
): Routine<boolean> {
  for (let times = 1; ; times++) {
    if (yield* setLockOnce(context, lock, nodes)) return true
    if (times > retries) return false
    yield* sleep(pauseMs(times, context.random))
  }
}

export function* deleteLock(context: LockContext, lock: LockId, nodes: readonly string[]): Routine<void> {
  yield* ask(nodes, deleteLockRequest(lock), context.owner)
}

export function* setLockOnce(context: LockContext, lock: LockId, nodes: readonly string[]): Routine<boolean> {
  // Not worth asking the others when we would refuse it ourselves.
  if (nodes.length > 1 && nodes.includes(context.own) && !context.locks.canSet(lock)) return false
  const replies: Replies = yield* ask(nodes, setLockRequest(lock), context.owner)
  const agreed = [...replies].filter(([, reply]) => reply === true).map(([node]) => node)
  if (agreed.length === replies.size) return true
  yield* deleteLock(context, lock, agreed)
  return false
}

/** Deletes the global lock, on the boss last: who has locked the boss will then find all others free. */
export function* deleteGlobalLock(context: LockContext, lock: LockId, nodes: readonly string[]): Routine<void> {
  const boss = bossOf(nodes)
  const others = nodes.filter((node) => node !== boss)
  yield* deleteLock(context, lock, others)
  yield* deleteLock(context, lock, [boss])
}

/** Does something while the global lock is set on all known nodes, and no other has become known meanwhile. */
export function* withGlobalLock<Result>(
  context: LockContext,
  requester: Pid,
  known: () => readonly string[],
  body: (nodes: readonly string[]) => Routine<Result>,
): Routine<Result> {
  const lock: LockId = { resource: GLOBAL_RESOURCE, requester }
  const nodes = yield* lockKnownNodes(context, lock, known)
  const result = yield* body(nodes)
  yield* deleteGlobalLock(context, lock, nodes)
  return result
}

function* lockKnownNodes(
  context: LockContext,
  lock: LockId,
  known: () => readonly string[],
): Routine<readonly string[]> {
  for (let times = 0; ; times++) {
    const before = known()
    const nodes = [context.own, ...before]
    const boss = bossOf(nodes)
    // The boss first: then two who lock meet there, and not in the middle.
    if (yield* setLockOnce(context, lock, [boss])) {
      if (!(yield* setLockOnce(context, lock, nodes))) yield* deleteLock(context, lock, [boss])
      else if (known().every((node) => before.includes(node))) return nodes
      // On all of them: the next round may be without some. (OTP leaves the lock where it is.)
      else yield* deleteGlobalLock(context, lock, nodes)
    }
    yield* sleep(pauseMs(times, context.random))
  }
}

/** The greatest of some nodes; all agree who that is. Names are Latin-1, so code units are in the order of Erlang's atoms. */
export function bossOf(nodes: readonly string[]): string {
  return nodes.reduce((boss, node) => (node > boss ? node : boss))
}

/** At first up to a quarter of a second, then twice as much each time, up to eight seconds. */
function pauseMs(times: number, random: () => number): number {
  const mostMs = times > 5 ? 8_000 : 125 * 2 ** times
  return 1 + Math.floor(random() * mostMs)
}
