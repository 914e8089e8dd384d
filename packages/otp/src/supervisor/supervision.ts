import type { Pid } from '@tiebeam/distribution'
import { isPlannedEnd, SHUTDOWN } from '../exit-reasons.ts'
import { ChildStartError } from './child-start-error.ts'
import { type Child, Children } from './children.ts'
import type { Answer, EndCause, Operation, QueuedEvent, SupervisionEffect, SupervisionEvent } from './events.ts'
import { RestartIntensity } from './restart-intensity.ts'
import type { CheckedSpec, Settings } from './settings.ts'
import { startReasonOf } from './start-reason.ts'
import { refused, type StartFailure, Steps, type Task } from './steps.ts'

/** With what the supervisor ends. */
interface End {
  readonly reason: unknown
  readonly cause: EndCause
}

/**
 * What a supervisor does about what happens to it: the behaviour of OTP's `supervisor` (stdlib 4.2) and of Elixir's `DynamicSupervisor`.
 * Pure: events in, effects out. Like those it does one thing at a time; while it starts or ends a child, whatever else comes waits in order.
 * With one difference: an order to stop does not wait. The start that is under way is aborted, and nothing more is started.
 */
export class Supervision<Client> {
  readonly #settings: Settings
  readonly #children: Children
  readonly #steps: Steps<Client>
  readonly #intensity: RestartIntensity
  #task: Task<void> | undefined
  #stopping = false
  #nowMs = 0
  #nextNumber = 0
  /** Whose request is being carried out. */
  #client: Client | undefined

  constructor(settings: Settings) {
    this.#settings = settings
    this.#children = new Children(settings.strategy === 'dynamic')
    this.#steps = new Steps(this.#children)
    this.#intensity = new RestartIntensity(settings.restartsMax, settings.withinMs)
    for (const spec of settings.children) this.#children.add(spec.id, spec)
  }

  /** Starts the children. */
  begin(nowMs: number): SupervisionEffect<Client>[] {
    this.#task = this.#run()
    return this.#resume(nowMs)
  }

  handle(event: SupervisionEvent<Client>, nowMs: number): SupervisionEffect<Client>[] {
    // It has ended.
    if (this.#task === undefined) return []
    switch (event.type) {
      case 'request':
        if (this.#steps.queue.requests < this.#settings.requestsMax) this.#steps.queue.push(event)
        else this.#reply(event.client, refused({ type: 'busy', requestsMax: this.#settings.requestsMax }))
        break
      case 'exited':
      case 'retry':
        this.#steps.queue.push(event)
        break
      case 'started':
      case 'startFailed':
        this.#steps.startEnded(event)
        break
      case 'timeout':
        this.#steps.timeout()
        break
      case 'stop':
        if (!this.#stopping) this.#task = this.#stop({ reason: event.reason, cause: { type: 'stopped' } })
        break
      case 'killAll':
        this.#task = this.#killAll({ reason: SHUTDOWN, cause: { type: 'stopped' } })
        break
    }
    return this.#resume(nowMs)
  }

  #resume(nowMs: number): SupervisionEffect<Client>[] {
    this.#nowMs = nowMs
    if (this.#task?.next().done === true) this.#task = undefined
    return this.#steps.takeEffects()
  }

  *#run(): Task<void> {
    const failure = yield* this.#steps.start(this.#children.inOrder())
    if (failure !== undefined) {
      const error = new ChildStartError(failure.child.spec.id, failure.error)
      return yield* this.#stop({ reason: startReasonOf(error), cause: { type: 'startFailed', error } })
    }
    this.#steps.push({ type: 'initialised' })
    for (;;) {
      const end = yield* this.#react(yield* this.#nextEvent())
      if (end !== undefined) return yield* this.#stop(end)
    }
  }

  *#nextEvent(): Task<QueuedEvent<Client>> {
    for (;;) {
      const event = this.#steps.queue.shift()
      if (event !== undefined) return event
      yield
    }
  }

  *#react(event: QueuedEvent<Client>): Task<End | undefined> {
    switch (event.type) {
      case 'exited': {
        const child = this.#children.withPid(event.pid)
        return child?.status === 'running' ? yield* this.#exited(child, event.pid, event.reason) : undefined
      }
      case 'retry': {
        const child = this.#children.get(event.key)
        return child?.status === 'restarting' ? yield* this.#restart(child) : undefined
      }
      case 'request':
        this.#client = event.client
        this.#reply(event.client, yield* this.#carryOut(event.operation))
        this.#client = undefined
        return undefined
    }
  }

  *#exited(child: Child, pid: Pid, reason: unknown): Task<End | undefined> {
    const { id, restart } = child.spec
    child.endReason = reason
    const restarted = restart === 'permanent' || (restart === 'transient' && !isPlannedEnd(reason))
    if (restarted || !isPlannedEnd(reason)) {
      this.#steps.push({ type: 'report', report: { type: 'childEnded', id, pid, reason, restarted } })
    }
    if (restarted) return yield* this.#restart(child)
    this.#children.settle(child)
    return this.#autoShutdown(child)
  }

  *#restart(child: Child): Task<End | undefined> {
    const { strategy, restartsMax, withinMs } = this.#settings
    const { id } = child.spec
    if (!this.#intensity.add(this.#nowMs)) {
      this.#children.settle(child)
      this.#steps.push({ type: 'report', report: { type: 'gaveUp', id, restartsMax, withinMs } })
      return { reason: SHUTDOWN, cause: { type: 'gaveUp', childId: id, reason: child.endReason } }
    }
    let failure: StartFailure | undefined
    if (strategy === 'oneForOne' || strategy === 'dynamic') {
      this.#children.restarting(child)
      failure = yield* this.#steps.start([child])
    } else {
      this.#children.stopped(child)
      const all = this.#children.inOrder()
      const affected = strategy === 'oneForAll' ? all : all.slice(all.indexOf(child))
      yield* this.#steps.terminateEach(affected.reverse())
      failure = yield* this.#steps.start(affected.reverse().filter(({ key }) => this.#children.get(key) !== undefined))
    }
    if (failure !== undefined) {
      const { child: failed, error } = failure
      this.#children.restarting(failed)
      this.#steps.push({ type: 'report', report: { type: 'restartFailed', id: failed.spec.id, error } })
      this.#steps.push({ type: 'retry', key: failed.key })
    }
    return undefined
  }

  #autoShutdown(child: Child): End | undefined {
    const { autoShutdown } = this.#settings
    if (autoShutdown === 'never' || !child.spec.significant) return undefined
    const others = () => this.#children.inOrder().some(({ spec, status }) => spec.significant && status !== 'stopped')
    if (autoShutdown === 'allSignificant' && others()) return undefined
    const cause = { type: 'significantChildEnded', childId: child.spec.id, reason: child.endReason } as const
    return { reason: SHUTDOWN, cause }
  }

  *#carryOut(operation: Operation): Task<Answer> {
    switch (operation.type) {
      case 'whichChildren':
        return { type: 'children', children: this.#children.infos() }
      case 'countChildren':
        return { type: 'counts', counts: this.#children.counts() }
      case 'startChild':
        return yield* this.#startNew(operation.spec)
      case 'terminateChild': {
        const child = this.#find(operation.child)
        if (child === undefined) return refused({ type: 'notFound' })
        yield* this.#steps.terminateEach([child])
        return { type: 'done' }
      }
      case 'restartChild': {
        const child = this.#findStopped(operation.child)
        if ('type' in child) return child
        const failure = yield* this.#steps.start([child])
        if (failure !== undefined) return startFailed(failure)
        return { type: 'started', pid: child.pid as Pid }
      }
      case 'deleteChild': {
        const child = this.#findStopped(operation.child)
        if ('type' in child) return child
        this.#children.remove(child)
        return { type: 'done' }
      }
    }
  }

  *#startNew(spec: CheckedSpec): Task<Answer> {
    const { strategy, autoShutdown, childrenMax } = this.#settings
    const { id, significant } = spec
    if (significant && autoShutdown === 'never') return refused({ type: 'significant', id })
    const present = strategy === 'dynamic' ? undefined : this.#children.get(id)
    if (present?.status === 'running') return refused({ type: 'alreadyStarted', id, pid: present.pid as Pid })
    if (present !== undefined) return refused({ type: 'alreadyPresent', id })
    if (this.#children.size >= childrenMax) return refused({ type: 'childrenMax', childrenMax })
    const child = this.#children.add(strategy === 'dynamic' ? this.#nextNumber++ : id, spec)
    const failure = yield* this.#steps.start([child])
    if (failure === undefined) return { type: 'started', pid: child.pid as Pid }
    this.#children.remove(child)
    return startFailed(failure)
  }

  #find(child: string | Pid): Child | undefined {
    if (this.#settings.strategy === 'dynamic')
      return typeof child === 'string' ? undefined : this.#children.withPid(child)
    return typeof child === 'string' ? this.#children.get(child) : undefined
  }

  /** The child, if it is there and does not run. */
  #findStopped(id: string | Pid): Child | Answer {
    if (this.#settings.strategy === 'dynamic') return refused({ type: 'dynamic' })
    const child = this.#find(id)
    if (child === undefined) return refused({ type: 'notFound' })
    return child.status === 'stopped' ? child : refused({ type: child.status })
  }

  /** The last thing that a supervisor does; whatever it was doing is dropped for it. */
  *#stop(end: End): Task<void> {
    this.#stopping = true
    yield* this.#steps.abortStart()
    if (this.#settings.strategy === 'dynamic') yield* this.#steps.terminateTogether(this.#children.inOrder())
    else yield* this.#steps.terminateEach(this.#children.inOrder().reverse())
    this.#end(end)
  }

  *#killAll(end: End): Task<void> {
    this.#stopping = true
    yield* this.#steps.killAll()
    this.#end(end)
  }

  #end({ reason, cause }: End): void {
    if (this.#client !== undefined) this.#reply(this.#client, refused({ type: 'stopping' }))
    for (let event = this.#steps.queue.shift(); event !== undefined; event = this.#steps.queue.shift()) {
      if (event.type === 'request') this.#reply(event.client, refused({ type: 'stopping' }))
    }
    this.#steps.push({ type: 'end', reason, cause })
  }

  #reply(client: Client, answer: Answer): void {
    this.#steps.push({ type: 'reply', client, answer })
  }
}

function startFailed({ child, error }: StartFailure): Answer {
  return refused({ type: 'startFailed', id: child.spec.id, error })
}
