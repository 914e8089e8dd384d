import assert from 'node:assert/strict'
import {
  DistributionError,
  type Drainable,
  Exit,
  ExitReason,
  type GenCall,
  genCallOf,
  genCastOf,
  genReply,
  type Logger,
  NO_MESSAGE,
  type Pid,
  type Process,
  reasonOf,
} from '@tiebeam/distribution'
import { isPlannedEnd, NORMAL } from '../exit-reasons.ts'
import { isTimeout } from '../gen/call.ts'
import { refusalReply } from '../gen/refusal.ts'
import { SYSTEM } from '../gen/stop-server.ts'
import { type From, type Handler, type Later, noReply } from './handlers.ts'
import { OpenCalls } from './open-calls.ts'
import { argumentsOf, RequestTable } from './requests.ts'
import type { Server } from './server.ts'
import { answerSystemRequest } from './system-messages.ts'

export interface ServerLoopInit {
  readonly self: Process
  readonly server: Server
  /** Whose exit signal is an order to end, if the server traps exits. */
  readonly parent: Pid | undefined
  readonly logger: Logger
}

interface Stop {
  readonly reason: unknown
  /** What was thrown, if that is why. */
  readonly thrown?: { readonly error: unknown }
}

const IDLE: unique symbol = Symbol('nothing came in time')
/** A server that waits for messages sends this to itself when it has something else to do. */
const WAKE: unique symbol = Symbol('look again')

/** A server sends this to itself when its node leaves: what is before it in the mailbox is still served. */
class DrainMark {
  readonly reached: () => void

  constructor(reached: () => void) {
    this.reached = reached
  }
}

/** The life of one server after its start: takes one message after the other, and ends as `gen_server` does. */
export class ServerLoop implements Drainable {
  readonly self: Process
  readonly #server: Server
  readonly #parent: Pid | undefined
  readonly #logger: Logger
  readonly #calls: RequestTable
  readonly #casts: RequestTable
  /** Of the call that is being handled. */
  #client: From | undefined
  /** Whether its handler has replied by itself. */
  #replied = false
  readonly #openCalls = new OpenCalls()
  #refusing = false
  #steps: (() => unknown)[] = []
  #idleMs: number | undefined
  #stop: Stop | undefined
  /** The reply of the call that stopped the server: its caller has it when `terminate` is done. */
  #lastReply: { readonly client: From; readonly reply: unknown } | undefined
  #suspended = false
  #waiting = false
  readonly #logged = new Set<string>()

  constructor({ self, server, parent, logger }: ServerLoopInit) {
    this.self = self
    this.#server = server
    this.#parent = parent
    this.#logger = logger
    this.#calls = new RequestTable(server.calls)
    this.#casts = new RequestTable(server.casts)
  }

  stop(reason: unknown): void {
    this.#stop ??= { reason }
    this.#wake()
  }

  afterwards(step: () => unknown): void {
    this.#steps.push(step)
    this.#wake()
  }

  /** A timer of the application may have called. */
  #wake(): void {
    if (this.#waiting && !hasEnded(this.self)) this.self.send(this.self.pid, WAKE)
  }

  set idleMs(idleMs: number) {
    this.#idleMs = idleMs
  }

  later(keep: (from: From) => void): Later<never> {
    assert(this.#client !== undefined, 'later() is for the handlers of calls: only a call can be replied to.')
    keep(this.#client)
    return noReply
  }

  /** A reply that cannot be delivered is no fault of the server, and concerns nobody else. One that has no term is. */
  reply(client: From, reply: unknown): void {
    if (hasEnded(this.self)) return
    if (client === this.#client) this.#replied = true
    this.#openCalls.delete(client)
    const { to, message } = genReply(client, reply)
    try {
      this.self.send(to, message)
    } catch (error) {
      if (!isFaultOfClient(error)) throw error
      this.logOnce('a reply', { client: String(client.pid), err: error }, 'a reply could not be sent')
    }
  }

  /** What any peer can provoke is logged once by each server. */
  logOnce(kind: string, fields: object, text: string): void {
    if (this.#logged.has(kind)) return
    this.#logged.add(kind)
    this.#logger.warn({ pid: String(this.self.pid), ...fields }, `${text}; further ones are not logged`)
  }

  /** See {@link Drainable}: calls that came before are served, later ones of other nodes refused. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      if (hasEnded(this.self)) return resolve()
      this.self.signal.addEventListener('abort', () => resolve(), { once: true })
      const reached = (): void => {
        this.#refusing = true
        this.#openCalls.whenNone(resolve)
      }
      this.self.send(this.self.pid, new DrainMark(reached))
    })
  }

  /** Until the server stops; throws what its process is to end with. */
  async run(): Promise<void> {
    const removeFromDrain = this.self.node.drain.add(this)
    let stop: Stop | undefined
    try {
      stop = await this.#untilStopped()
    } catch (error) {
      if (hasEnded(this.self)) return
      stop = { reason: reasonOf(error), thrown: { error } }
    } finally {
      removeFromDrain()
    }
    await this.#end(stop)
  }

  async #untilStopped(): Promise<Stop> {
    while (this.#stop === undefined) {
      const step = this.#steps.shift()
      if (step !== undefined) {
        await step()
        continue
      }
      const message = this.self.poll()
      const done = this.#handle(message === NO_MESSAGE ? await this.#next() : message)
      if (done !== undefined) await done
    }
    return this.#stop
  }

  async #next(): Promise<unknown> {
    const timeoutMs = this.#idleMs
    this.#waiting = true
    try {
      return await this.self.receive(timeoutMs === undefined ? {} : { timeoutMs })
    } catch (error) {
      if (isTimeout(error)) return IDLE
      throw error
    } finally {
      this.#waiting = false
    }
  }

  /** Undefined when it is done; else it has to be waited for before the next message. */
  #handle(message: unknown): PromiseLike<void> | undefined {
    const idleMs = this.#idleMs
    this.#idleMs = undefined
    const call = genCallOf(message)
    if (call !== undefined && !this.#isRefused(call)) return this.#handleCall(call)
    const cast = genCastOf(message)
    if (cast !== undefined) {
      const handler = this.#casts.handlerOf(cast.request)
      if (handler === undefined) return pending(this.#server.handleCast(cast.request))
      return pending(handler(...argumentsOf(cast.request)))
    }
    if (message === IDLE) return pending(this.#server.handleTimeout())
    if (this.#isOrderOfParent(message)) {
      this.stop(message.reason)
      return undefined
    }
    // What is no message to the server does not end its being idle.
    const system = genCallOf(message, SYSTEM)
    if (call !== undefined) this.reply(call.client, refusalReply(this.self.node.name))
    else if (message instanceof DrainMark) message.reached()
    else if (system === undefined && message !== WAKE) return pending(this.#server.handleInfo(message))
    this.#idleMs = idleMs
    return system && this.#handleSystem(system)
  }

  #isRefused({ client }: GenCall): boolean {
    return this.#refusing && client.pid.node !== this.self.node.name
  }

  #handleCall({ client, request }: GenCall): PromiseLike<void> | undefined {
    const handler: Handler | undefined = this.#calls.handlerOf(request)
    this.#client = client
    this.#replied = false
    const result = handler === undefined ? this.#server.handleCall(request, client) : handler(...argumentsOf(request))
    if (isPromiseLike(result)) return result.then((reply) => this.#answer(client, reply))
    this.#answer(client, result)
    return undefined
  }

  #answer(client: From, reply: unknown): void {
    this.#client = undefined
    if (reply === noReply) {
      if (!this.#replied) this.#openCalls.add(client)
      return
    }
    if (this.#stop === undefined) this.reply(client, reply)
    else this.#lastReply = { client, reply }
  }

  #handleSystem({ client, request }: GenCall): Promise<void> | undefined {
    const { reply, next } = answerSystemRequest(request, {
      pid: this.self.pid,
      parent: this.#parent,
      module: this.#server.constructor.name,
      suspended: this.#suspended,
      state: () => this.#server.describeState(),
    })
    this.reply(client, reply)
    switch (next.type) {
      case 'run':
        this.#suspended = false
        return undefined
      case 'suspend':
        if (this.#suspended) return undefined
        this.#suspended = true
        return this.#whileSuspended()
      case 'stop':
        this.#suspended = false
        this.stop(next.reason)
        return undefined
    }
  }

  /** Only `sys` and the parent are heard; everything else waits in the mailbox. */
  async #whileSuspended(): Promise<void> {
    while (this.#suspended) {
      const message = await this.self.receive({
        match: (each: unknown) => this.#isOrderOfParent(each) || genCallOf(each, SYSTEM) !== undefined,
      })
      if (this.#isOrderOfParent(message)) {
        this.#suspended = false
        this.stop(message.reason)
      } else await this.#handleSystem(genCallOf(message, SYSTEM) as GenCall)
    }
  }

  #isOrderOfParent(message: unknown): message is Exit {
    return message instanceof Exit && this.#parent?.equals(message.from) === true
  }

  async #end(stop: Stop): Promise<void> {
    let { reason, thrown } = stop
    try {
      await this.#server.terminate(reason, thrown?.error)
    } catch (error) {
      if (hasEnded(this.self)) return
      reason = reasonOf(error)
      thrown = { error }
    } finally {
      if (this.#lastReply !== undefined) this.reply(this.#lastReply.client, this.#lastReply.reply)
    }
    if (thrown !== undefined) throw thrown.error
    if (reason === NORMAL) return
    if (!isPlannedEnd(reason)) {
      this.#logger.error({ pid: String(this.self.pid), reason }, `${this.#server.constructor.name} stopped`)
    }
    throw new ExitReason(reason)
  }
}

function pending(result: unknown): PromiseLike<void> | undefined {
  return isPromiseLike(result) ? (result as PromiseLike<void>) : undefined
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function hasEnded(self: Process): boolean {
  return self.signal.aborted
}

function isFaultOfClient(error: unknown): boolean {
  return error instanceof DistributionError && (error.code === 'OUTPUT_FULL' || error.code === 'NODE_NAME_INVALID')
}
