import type { Pid } from '@tiebeam/distribution'
import { isPlannedEnd, KILLED, SHUTDOWN } from '../exit-reasons.ts'
import type { Child, Children } from './children.ts'
import { EventQueue } from './event-queue.ts'
import type { Answer, Refusal, SupervisionEffect } from './events.ts'
import { startReasonOf } from './start-reason.ts'

/** Runs until it needs an event that has not come, and is resumed with each that comes. */
export type Task<Result> = Generator<undefined, Result, undefined>

export interface StartFailure {
  readonly child: Child
  readonly error: unknown
}

export type StartOutcome = { readonly pid: Pid } | { readonly error: unknown }

/** How children are started and ended: what a supervisor waits for while it is busy. */
export class Steps<Client> {
  readonly queue = new EventQueue<Client>()
  readonly #children: Children
  #effects: SupervisionEffect<Client>[] = []
  /** The child whose start is under way, and how it went. */
  #starting: Child | undefined
  #outcome: StartOutcome | undefined
  #timerRuns = false
  #timedOut = false

  constructor(children: Children) {
    this.#children = children
  }

  push(effect: SupervisionEffect<Client>): void {
    this.#effects.push(effect)
  }

  takeEffects(): SupervisionEffect<Client>[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  startEnded(outcome: StartOutcome): void {
    if (this.#starting !== undefined) this.#outcome = outcome
    // It was given up, and comes too late.
    else if ('pid' in outcome) this.push({ type: 'exit', pid: outcome.pid, reason: 'kill' })
  }

  timeout(): void {
    this.#timerRuns = false
    this.#timedOut = true
  }

  /** Starts them one after the other, up to the first that fails. */
  *start(children: readonly Child[]): Task<StartFailure | undefined> {
    for (const child of children) {
      this.#starting = child
      this.push({ type: 'start', spec: child.spec })
      while (this.#outcome === undefined) yield
      const error = this.#takeOutcome(child)
      if (error !== undefined) return { child, error: error.error }
    }
    return undefined
  }

  #takeOutcome(child: Child): { readonly error: unknown } | undefined {
    const { id } = child.spec
    const outcome = this.#outcome
    this.#starting = undefined
    this.#outcome = undefined
    if (outcome === undefined) return undefined
    if ('pid' in outcome) {
      this.#children.started(child, outcome.pid)
      this.push({ type: 'report', report: { type: 'childStarted', id, pid: outcome.pid } })
      return undefined
    }
    child.endReason = startReasonOf(outcome.error)
    return outcome
  }

  /** Gives up the start that is under way, if there is one. It has as long as the child would have for its shutdown. */
  *abortStart(): Task<void> {
    this.cancelTimer()
    const child = this.#starting
    if (child === undefined) return
    const { shutdownMs } = child.spec
    this.push({ type: 'abortStart' })
    this.#setTimer(shutdownMs === 'brutalKill' ? 0 : shutdownMs)
    while (this.#outcome === undefined && !this.#timedOut) yield
    this.cancelTimer()
    this.#takeOutcome(child)
  }

  /** Ends those that run, one after the other; temporary ones are not kept. */
  *terminateEach(children: readonly Child[]): Task<void> {
    for (const child of children) {
      if (child.status === 'running') yield* this.#terminate(child, child.pid as Pid)
      this.#children.settle(child)
    }
  }

  *#terminate(child: Child, pid: Pid): Task<void> {
    const { shutdownMs } = child.spec
    // It may have ended by itself a moment ago.
    let exit = this.queue.takeExit(pid.key)
    if (exit === undefined) {
      this.push({ type: 'exit', pid, reason: shutdownMs === 'brutalKill' ? 'kill' : 'shutdown' })
      if (shutdownMs !== 'brutalKill') this.#setTimer(shutdownMs)
      for (;;) {
        exit = this.queue.takeExit(pid.key)
        if (exit !== undefined) break
        if (this.#timedOut) {
          this.#timedOut = false
          this.push({ type: 'exit', pid, reason: 'kill' })
        }
        yield
      }
      this.cancelTimer()
    }
    this.#terminated(child, pid, exit.reason)
  }

  /** Ends all at once, each within its own time. */
  *terminateTogether(children: readonly Child[]): Task<void> {
    const left = new Map<string, Child>()
    for (const child of children) {
      if (child.status !== 'running') continue
      const pid = child.pid as Pid
      left.set(pid.key, child)
      this.push({ type: 'exit', pid, reason: child.spec.shutdownMs === 'brutalKill' ? 'kill' : 'shutdown' })
    }
    const limits = new Set([...left.values()].map(({ spec }) => spec.shutdownMs).filter((ms) => typeof ms === 'number'))
    let elapsedMs = 0
    for (const limitMs of [...limits].sort((one, other) => one - other)) {
      this.#setTimer(limitMs - elapsedMs)
      elapsedMs = limitMs
      yield* this.#awaitExits(left)
      if (left.size === 0) return
      for (const { spec, pid } of left.values()) {
        if (spec.shutdownMs === limitMs) this.push({ type: 'exit', pid: pid as Pid, reason: 'kill' })
      }
    }
    yield* this.#awaitExits(left)
  }

  /** Until all have ended, or the timer has run out. */
  *#awaitExits(left: Map<string, Child>): Task<void> {
    for (;;) {
      for (let event = this.queue.shift(); event !== undefined; event = this.queue.shift()) {
        if (event.type === 'request')
          this.push({ type: 'reply', client: event.client, answer: refused({ type: 'stopping' }) })
        if (event.type !== 'exited') continue
        const child = left.get(event.pid.key)
        if (child !== undefined) this.#terminated(child, event.pid, event.reason)
        left.delete(event.pid.key)
      }
      if (left.size === 0) return this.cancelTimer()
      if (this.#timedOut) {
        this.#timedOut = false
        return
      }
      yield
    }
  }

  #terminated(child: Child, pid: Pid, reason: unknown): void {
    const { id, restart, shutdownMs } = child.spec
    this.#children.stopped(child)
    const asTold = shutdownMs === 'brutalKill' ? reason === KILLED : reason === SHUTDOWN
    const byItself = restart !== 'permanent' && isPlannedEnd(reason)
    if (!asTold && !byItself) {
      this.push({ type: 'report', report: { type: 'shutdownFailed', id, pid, reason } })
    }
  }

  /** Ends all at once, without giving them time. */
  *killAll(): Task<void> {
    this.cancelTimer()
    if (this.#starting !== undefined) this.push({ type: 'abortStart' })
    this.#starting = undefined
    const left = new Map<string, Child>()
    for (const child of this.#children.inOrder().reverse()) {
      if (child.status !== 'running') continue
      const pid = child.pid as Pid
      left.set(pid.key, child)
      this.push({ type: 'exit', pid, reason: 'kill' })
    }
    yield* this.#awaitExits(left)
  }

  #setTimer(ms: number): void {
    this.#timedOut = false
    if (ms === Number.POSITIVE_INFINITY) return
    this.#timerRuns = true
    this.push({ type: 'timer', ms })
  }

  cancelTimer(): void {
    this.#timedOut = false
    if (!this.#timerRuns) return
    this.#timerRuns = false
    this.push({ type: 'cancelTimer' })
  }
}

export function refused(refusal: Refusal): Answer {
  return { type: 'refused', refusal }
}
