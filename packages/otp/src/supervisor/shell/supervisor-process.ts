import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import {
  Down,
  Exit,
  ExitReason,
  type GenCall,
  genCallOf,
  genReply,
  type Logger,
  Node,
  Pid,
  type Process,
  type Reference,
} from '@tiebeam/distribution'
import type { StartContext } from '../../child-spec.ts'
import { OtpError } from '../../errors.ts'
import { KILL, KILLED, SHUTDOWN } from '../../exit-reasons.ts'
import { SYSTEM } from '../../gen/stop-server.ts'
import { answerSystemRequest } from '../../gen-server/system-messages.ts'
import type { Answer, EndCause, SupervisionEffect, SupervisionEvent } from '../events.ts'
import { genRequestOf, NOTSUP, termOf } from '../gen-requests.ts'
import { logLineOf } from '../reports.ts'
import type { CheckedSpec, Settings } from '../settings.ts'
import { Supervision } from '../supervision.ts'
import { LocalRequest } from './local-request.ts'

/** How a supervisor ended. `killed`: it was ended from outside, and could not end its children in order. */
export interface SupervisorEnd {
  readonly reason: unknown
  readonly cause: EndCause | { readonly type: 'killed' }
}

/** Whom a supervisor answers. */
type Client = { readonly type: 'local'; readonly alias: Reference } | { readonly type: 'gen'; readonly call: GenCall }

export interface SupervisorProcessInit {
  readonly settings: Settings
  readonly logger: Logger
  /** For the log, when it has no name. */
  readonly id?: string
  readonly name?: string | undefined
  /** Aborted: the start is to be given up. */
  readonly signal?: AbortSignal | undefined
}

/** Runs a {@link Supervision} in a process. */
export class SupervisorProcess {
  readonly pid: Pid
  /** Resolves when all children are started; rejects with what prevented it. */
  readonly initialised: Promise<void>
  /** Resolves when the process ends; never rejects. */
  readonly ended: Promise<SupervisorEnd>
  readonly #parent: Pid
  readonly #settings: Settings
  readonly #logger: Logger
  readonly #supervision: Supervision<Client>
  readonly #starting = new AbortController()
  readonly #context: StartContext
  #self: Process | undefined
  #timer: NodeJS.Timeout | undefined
  /** Those whose end comes as a `Down`, by key. */
  readonly #monitored = new Set<string>()
  #toldUnexpected = false
  #end: SupervisorEnd | undefined
  #onInitialised!: () => void
  #onFailed!: (error: unknown) => void
  #onEnded!: (end: SupervisorEnd) => void

  /** Linked to the parent, if that is a process; exit signals of the parent, process or node, stop the supervisor. */
  constructor(parent: Node | Process, init: SupervisorProcessInit) {
    this.#parent = parent.pid
    this.#settings = init.settings
    const label = init.name ?? init.id
    this.#logger = label === undefined ? init.logger : init.logger.child({ supervisor: label })
    this.#supervision = new Supervision(init.settings)
    this.#context = { signal: this.#starting.signal, logger: init.logger }
    this.initialised = new Promise((resolve, reject) => {
      this.#onInitialised = resolve
      this.#onFailed = reject
    })
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve
    })
    const behaviour = (self: Process) => this.#run(self, init.signal)
    const options = { trapExit: true, ...(init.name !== undefined && { name: init.name }) }
    this.pid = parent instanceof Node ? parent.spawn(behaviour, options) : parent.spawnLink(behaviour, options)
    // The node runs the function in a microtask, unless the process has been killed before.
    queueMicrotask(() => {
      if (this.#self === undefined) this.#finish({ reason: KILLED, cause: { type: 'killed' } })
    })
  }

  async #run(self: Process, signal: AbortSignal | undefined): Promise<void> {
    this.#self = self
    if (signal?.aborted === true) this.#finish({ reason: SHUTDOWN, cause: { type: 'stopped' } })
    else {
      const onAbort = () => this.#handle({ type: 'stop', reason: SHUTDOWN })
      signal?.addEventListener('abort', onAbort, { once: true })
      const removeListener = () => signal?.removeEventListener('abort', onAbort)
      void this.initialised.then(removeListener, removeListener)
      void this.#receiveAll(self)
      this.#carryOut(this.#supervision.begin(performance.now()))
    }
    const { reason } = await this.ended
    throw new ExitReason(reason)
  }

  async #receiveAll(self: Process): Promise<void> {
    try {
      for await (const message of self) this.#receive(message)
    } catch {
      // Its process has ended; if it did not decide so itself, it was killed.
      this.#finish({ reason: KILLED, cause: { type: 'killed' } })
    }
  }

  #receive(message: unknown): void {
    if (message instanceof Exit) {
      const { from: pid, reason } = message
      this.#handle(pid.equals(this.#parent) ? { type: 'stop', reason } : { type: 'exited', pid, reason })
    } else if (message instanceof Down) {
      const { target: pid, reason } = message
      if (!(pid instanceof Pid)) return
      this.#monitored.delete(pid.key)
      this.#handle({ type: 'exited', pid, reason })
    } else if (message instanceof LocalRequest) this.#receiveLocal(message)
    else {
      const call = genCallOf(message)
      const systemCall = genCallOf(message, SYSTEM)
      if (call !== undefined) this.#receiveCall(call)
      else if (systemCall !== undefined) this.#receiveSystemCall(systemCall)
      else this.#unexpected('message', message)
    }
  }

  #receiveLocal({ operation, replyTo }: LocalRequest): void {
    if (operation.type === 'stop' || operation.type === 'killAll') this.#handle(operation)
    else this.#handle({ type: 'request', client: { type: 'local', alias: replyTo }, operation })
  }

  #receiveCall(call: GenCall): void {
    const request = genRequestOf(call.request)
    if (request.type === 'operation') {
      this.#handle({ type: 'request', client: { type: 'gen', call }, operation: request.operation })
      return
    }
    if (request.type === 'unknown') this.#unexpected('call', call.request)
    this.#sendReply(call, NOTSUP)
  }

  /** From OTP's `sys`, by which also `Supervisor.stop` of Elixir stops a supervisor. It cannot be suspended. */
  #receiveSystemCall(call: GenCall): void {
    const { reply, next } = answerSystemRequest(call.request, {
      pid: this.pid,
      parent: this.#parent,
      module: 'supervisor',
      suspended: false,
      state: () => undefined,
    })
    this.#sendReply(call, next.type === 'suspend' ? NOTSUP : reply)
    if (next.type === 'stop') this.#handle({ type: 'stop', reason: next.reason })
  }

  #handle(event: SupervisionEvent<Client>): void {
    if (this.#end !== undefined) return
    this.#carryOut(this.#supervision.handle(event, performance.now()))
  }

  #carryOut(effects: readonly SupervisionEffect<Client>[]): void {
    for (const effect of effects) this.#carryOutOne(effect)
  }

  #carryOutOne(effect: SupervisionEffect<Client>): void {
    switch (effect.type) {
      case 'start':
        void this.#start(effect.spec)
        return
      case 'abortStart':
        this.#starting.abort()
        return
      case 'exit':
        this.#exit(effect.pid, effect.reason)
        return
      case 'timer':
        clearTimeout(this.#timer)
        this.#timer = setTimeout(() => this.#handle({ type: 'timeout' }), effect.ms)
        return
      case 'cancelTimer':
        clearTimeout(this.#timer)
        return
      case 'retry':
        // After the event loop has had its turn: a child that fails at once must not keep timers and sockets waiting.
        setImmediate(() => this.#handle({ type: 'retry', key: effect.key }))
        return
      case 'reply':
        this.#reply(effect.client, effect.answer)
        return
      case 'report': {
        const { level, fields, message } = logLineOf(effect.report)
        this.#logger[level](fields, message)
        return
      }
      case 'initialised':
        this.#onInitialised()
        return
      case 'end':
        this.#finish({ reason: effect.reason, cause: effect.cause })
        return
    }
  }

  async #start(spec: CheckedSpec): Promise<void> {
    const self = this.#running
    let pid: unknown
    try {
      pid = await spec.start(self, this.#context)
      if (!(pid instanceof Pid)) throw new TypeError(`The start of child ${spec.id} did not resolve with a pid.`)
    } catch (error) {
      this.#handle({ type: 'startFailed', error })
      return
    }
    if (this.#end === undefined) this.#handle({ type: 'started', pid })
    else self.node.exit(pid, KILL)
  }

  #exit(pid: Pid, reason: 'shutdown' | 'kill'): void {
    if (!this.#monitored.has(pid.key)) {
      // A child that removes its link must not keep the supervisor waiting.
      this.#monitored.add(pid.key)
      this.#running.monitor(pid)
    }
    this.#running.exit(pid, reason === 'kill' ? KILL : SHUTDOWN)
  }

  #reply(client: Client, answer: Answer): void {
    if (client.type === 'local') this.#running.send(client.alias, answer)
    else this.#sendReply(client.call, termOf(answer, this.#settings.strategy === 'dynamic'))
  }

  #sendReply(call: GenCall, reply: unknown): void {
    const { to, message } = genReply(call.client, reply)
    try {
      this.#running.send(to, message)
    } catch (error) {
      this.#logger.warn({ err: error }, 'an answer of a supervisor could not be sent')
    }
  }

  /** A warning for the first; whoever sends them could fill the log. */
  #unexpected(kind: 'message' | 'call', content: unknown): void {
    const level = this.#toldUnexpected ? 'debug' : 'warn'
    this.#toldUnexpected = true
    this.#logger[level](
      { [kind]: inspect(content, { depth: 2 }).slice(0, 200) },
      `supervisor received an unexpected ${kind}`,
    )
  }

  get #running(): Process {
    assert(this.#self !== undefined, 'Nothing is done before the process runs.')
    return this.#self
  }

  #finish(end: SupervisorEnd): void {
    if (this.#end !== undefined) return
    this.#end = end
    clearTimeout(this.#timer)
    this.#starting.abort()
    this.#onFailed(startErrorOf(end))
    this.#onEnded(end)
  }
}

/** Why a start that ended so failed. */
function startErrorOf({ cause, reason }: SupervisorEnd): OtpError {
  if (cause.type === 'startFailed') return cause.error
  return new OtpError('SUPERVISOR_STOPPED', 'The supervisor was stopped before all its children were started.', {
    cause: new ExitReason(reason),
  })
}
