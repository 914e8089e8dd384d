import type { Drainable, Pid } from '@tiebeam/distribution'
import type { Groups } from '@tiebeam/kernel'
import { call } from '@tiebeam/otp'
import { type GroupCallInit, groupCallOptions } from '../call-init.ts'
import { Route } from '../route.ts'

/** Calls members of process groups on behalf of a node. `cluster.call` is this; on its own it serves where no cluster is formed. */
export class Router implements Drainable {
  readonly #groups: Groups
  /** Calls that are with a member, by its key. */
  readonly #underWay = new Map<string, number>()
  readonly #calls = new Set<Promise<unknown>>()
  #turn = 0

  constructor(groups: Groups) {
    this.#groups = groups
    groups.node.drain.add(this)
  }

  /**
   * Calls a live member of a group, as `gen_server:call` would: the one to which `key` belongs, else the one with the fewest calls of
   * this node under way. Without a member, waits for one. Another member is asked only when the call provably never ran, or is idempotent. What the
   * member itself replies is the answer, an error term too.
   * @throws ClusterError `OUTCOME_UNKNOWN`, `NO_MEMBER`, `OPTION_INVALID`; KernelError `GROUPS_STOPPED`; EncodeError; DistributionError
   * `MESSAGE_TOO_LARGE`; the reason of the signal
   */
  call<Reply = unknown>(group: unknown, request: unknown, init: GroupCallInit = {}): Promise<Reply> {
    const answer = this.#call(group, request, init)
    this.#calls.add(answer)
    const ended = (): void => void this.#calls.delete(answer)
    answer.then(ended, ended)
    return answer as Promise<Reply>
  }

  /** Resolves when the calls that are under way have ended. Others can still be made: what others asked of this node may need them. */
  async drain(): Promise<void> {
    await Promise.allSettled([...this.#calls])
  }

  async #call(group: unknown, request: unknown, init: GroupCallInit): Promise<unknown> {
    const { signal, ...options } = groupCallOptions(init)
    const { node } = this.#groups
    const underWay = (member: Pid): number => this.#underWay.get(member.key) ?? 0
    const route = new Route({ ...options, group, beganMs: performance.now() })
    for (;;) {
      signal?.throwIfAborted()
      const step = route.next({
        nowMs: performance.now(),
        members: this.#groups.members(group),
        reachable: new Set([node.name, ...node.nodes('connected')]),
        underWay,
        turn: this.#turn++,
      })
      switch (step.type) {
        case 'fail':
          throw step.error
        case 'wait':
          await this.#changed(group, step.waitMs, signal)
          break
        case 'call':
          try {
            return await unlessAborted(this.#ask(step.member, request, step.timeoutMs), signal)
          } catch (error) {
            signal?.throwIfAborted()
            route.failed(step.member, error, performance.now())
          }
      }
    }
  }

  async #ask(member: Pid, request: unknown, timeoutMs: number): Promise<unknown> {
    const { key } = member
    this.#underWay.set(key, (this.#underWay.get(key) ?? 0) + 1)
    try {
      return await call(this.#groups.node, member, request, { timeoutMs })
    } finally {
      const left = (this.#underWay.get(key) ?? 1) - 1
      if (left > 0) this.#underWay.set(key, left)
      else this.#underWay.delete(key)
    }
  }

  /** Resolves when the members are others, or after so long. */
  async #changed(group: unknown, waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const monitor = this.#groups.monitor(group)
    const timer = setTimeout(() => monitor.stop(), waitMs)
    try {
      const change = monitor[Symbol.asyncIterator]().next()
      await unlessAborted(change, signal)
    } finally {
      clearTimeout(timer)
      monitor.stop()
    }
  }
}

/** Rejects as soon as the signal aborts. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
}
