import { atom, type Pid, type Reference } from '@tiebeam/etf'
import type { FunctionCall } from '../../calls.ts'
import { DistributionError } from '../../errors.ts'
import type { Node } from '../../node.ts'
import { decideExit } from '../exit-signal.ts'
import { exitedError, interruptedError } from '../exited-error.ts'
import { Mailbox, type Mark, type Match, NO_MESSAGE } from '../mailbox.ts'
import { type Destination, Down, Exit, KILL, type MonitorTarget, NORMAL, reasonOf } from '../notices.ts'
import type {
  Behaviour,
  DemonitorInit,
  MonitorInit,
  Process,
  ReceiveInit,
  SelectiveReceiveInit,
  SpawnInit,
  SpawnRequestInit,
} from '../process.ts'
import type { Recipient } from '../recipient.ts'
import type { TurnBudget } from './turn-budget.ts'

/** What a process asks of its node. */
export interface ProcessHost {
  readonly node: Node
  readonly budget: TurnBudget
  send(from: Pid, to: Destination, message: unknown): void
  ask(from: Pid, target: MonitorTarget, message: (alias: Reference) => unknown, init: ReceiveInit): Promise<unknown>
  /** Whether the message is the answer to a request of this process; it is taken then. */
  answered(pid: Pid, message: unknown): boolean
  link(from: Pid, to: Pid): void
  unlink(from: Pid, to: Pid): void
  monitor(from: Pid, target: MonitorTarget, init: MonitorInit): Reference
  demonitor(from: Pid, reference: Reference): boolean
  alias(from: Pid, init: { readonly reply?: boolean }): Reference
  unalias(from: Pid, reference: Reference): boolean
  spawn(
    behaviour: Behaviour,
    init: SpawnInit,
    relation?: { readonly from: Pid; readonly type: 'link' | 'monitor' },
  ): {
    readonly pid: Pid
    readonly reference: Reference | undefined
  }
  spawnRequest(from: Pid, node: string, call: FunctionCall, init: SpawnRequestInit): Reference
  abandonSpawn(from: Pid, reference: Reference): boolean
  exit(from: Pid, to: Pid, reason: unknown): void
  register(name: string, pid: Pid): void
  /** The process is dead from now on; called once. `thrown` is what its function threw, if that ended it. */
  ended(process: LocalProcess, reason: unknown, thrown?: { readonly error: unknown }): void
}

interface Waiter {
  /** Gives the result of a receive that takes this message, else {@link NO_MESSAGE}. */
  readonly accept: (message: unknown) => unknown
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
  promise: Promise<unknown>
  timer: NodeJS.Timeout | undefined
}

export interface LocalProcessInit {
  readonly pid: Pid
  readonly host: ProcessHost
  readonly trapExit: boolean
  readonly graceful: boolean
  readonly mailboxMessagesMax: number
}

const takeAny = (message: unknown) => message
const takeAsStep = (message: unknown) => ({ value: message, done: false })
const takeAsBatch = (message: unknown) => [message]

export class LocalProcess implements Process, Recipient {
  readonly pid: Pid
  readonly node: Node
  readonly #host: ProcessHost
  readonly #mailbox = new Mailbox()
  readonly #mailboxMessagesMax: number
  readonly #graceful: boolean
  #trapExit: boolean
  /** Mostly none or one; more only when a function awaits several receives at once. */
  #waiters: Waiter[] = []
  /** Set when the function must stop. Plain, because an ExitReason costs a description and a stack, and a process may be there for one call only. */
  #ended: { readonly reason: unknown } | undefined
  /** Whether others have been told of the end; a graceful process has time until its function returns. */
  #gone = false
  #controller: AbortController | undefined

  constructor(init: LocalProcessInit) {
    this.pid = init.pid
    this.node = init.host.node
    this.#host = init.host
    this.#trapExit = init.trapExit
    this.#graceful = init.graceful
    this.#mailboxMessagesMax = init.mailboxMessagesMax
  }

  /** Runs the function to its end; never rejects. */
  async run(behaviour: Behaviour): Promise<void> {
    try {
      if (this.#ended === undefined) await behaviour(this)
    } catch (error) {
      // A function that fails because its process was ended from outside tells nothing new.
      if (this.#ended === undefined) this.#end(reasonOf(error), { error })
    }
    if (this.#ended === undefined) this.#end(NORMAL)
    else this.#leave(this.#ended.reason)
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#ended !== undefined) this.#controller.abort(this.#exitedError())
    }
    return this.#controller.signal
  }

  get trapExit(): boolean {
    return this.#trapExit
  }

  set trapExit(value: boolean) {
    this.#trapExit = value
  }

  get mailboxLength(): number {
    return this.#mailbox.length
  }

  deliver(message: unknown): void {
    if (this.#gone) return
    if (this.#host.answered(this.pid, message) || this.#ended !== undefined) return
    const waiters = this.#waiters
    for (let index = 0; index < waiters.length; index++) {
      const waiter = waiters[index] as Waiter
      let result: unknown
      try {
        result = waiter.accept(message)
      } catch (error) {
        this.#settle(index--, waiter).reject(error)
        continue
      }
      if (result === NO_MESSAGE) continue
      this.#settle(index, waiter).resolve(result)
      return
    }
    this.#mailbox.push(message)
    if (this.#mailbox.length > this.#mailboxMessagesMax) this.#overflow()
  }

  exitSignal(from: Pid, reason: unknown, linked: boolean): void {
    if (this.#gone) return
    const decision = decideExit({ reason, linked, fromSelf: from.equals(this.pid) }, this.#trapExit)
    if (decision.type === 'message') this.deliver(new Exit(from, reason))
    else if (decision.type === 'end') {
      const killed = reason === KILL && !linked
      if (this.#graceful && !killed) this.#stopFunction(decision.reason)
      else this.#end(decision.reason)
    }
  }

  receive<T>(init: SelectiveReceiveInit<(message: unknown) => message is T>): Promise<T>
  receive(init: SelectiveReceiveInit<(message: unknown) => boolean>): Promise<unknown>
  receive<T>(init: SelectiveReceiveInit<Match<T>>): Promise<T>
  receive(init?: ReceiveInit): Promise<unknown>
  receive(init: ReceiveInit & { match?: Match<unknown>; after?: Mark } = {}): Promise<unknown> {
    const pause = this.#host.budget.spend()
    return pause === undefined ? this.#receiveNow(init) : handled(pause.then(() => this.#receiveNow(init)))
  }

  #receiveNow(init: ReceiveInit & { match?: Match<unknown>; after?: Mark }): Promise<unknown> {
    if (this.#ended !== undefined) return handled(Promise.reject(this.#exitedError()))
    const { match, timeoutMs } = init
    if (match === undefined) {
      const message = this.#mailbox.shift()
      return message === NO_MESSAGE ? this.#wait(takeAny, timeoutMs) : Promise.resolve(message)
    }
    try {
      const result = this.#mailbox.take(match, init.after)
      return result === NO_MESSAGE ? this.#wait(acceptorOf(match), timeoutMs) : Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  poll(): unknown {
    if (this.#ended !== undefined) throw this.#exitedError()
    return this.#mailbox.length > 0 && this.#host.budget.spend() === undefined ? this.#mailbox.shift() : NO_MESSAGE
  }

  receiveAll(init: ReceiveInit = {}): Promise<unknown[]> {
    const pause = this.#host.budget.spend()
    return pause === undefined ? this.#receiveAllNow(init) : handled(pause.then(() => this.#receiveAllNow(init)))
  }

  #receiveAllNow(init: ReceiveInit): Promise<unknown[]> {
    if (this.#ended !== undefined) return handled(Promise.reject(this.#exitedError()))
    if (this.#mailbox.length > 0) return Promise.resolve(this.#mailbox.drain())
    return this.#wait(takeAsBatch, init.timeoutMs) as Promise<unknown[]>
  }

  /** Goes on for as long as the process lives; ends by throwing `PROCESS_EXITED`. */
  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    // Written out, because an async generator costs three promises a message.
    return { next: () => this.#next(), return: () => Promise.resolve({ value: undefined, done: true }) }
  }

  #next(): Promise<IteratorResult<unknown>> {
    const pause = this.#host.budget.spend()
    return pause === undefined ? this.#nextNow() : handled(pause.then(() => this.#nextNow()))
  }

  #nextNow(): Promise<IteratorResult<unknown>> {
    if (this.#ended !== undefined) return handled(Promise.reject(this.#exitedError()))
    const message = this.#mailbox.shift()
    if (message !== NO_MESSAGE) return Promise.resolve({ value: message, done: false })
    return this.#wait(takeAsStep, undefined) as Promise<IteratorResult<unknown>>
  }

  mark(): Mark {
    return this.#mailbox.mark()
  }

  send(to: Destination, message: unknown): void {
    this.#check()
    this.#host.send(this.pid, to, message)
  }

  ask(target: MonitorTarget, message: (alias: Reference) => unknown, init: ReceiveInit = {}): Promise<unknown> {
    if (this.#gone) return handled(Promise.reject(this.#exitedError()))
    return this.#host.ask(this.pid, target, message, init)
  }

  link(to: Pid): void {
    this.#check()
    this.#host.link(this.pid, to)
  }

  unlink(to: Pid): void {
    this.#check()
    this.#host.unlink(this.pid, to)
  }

  monitor(target: MonitorTarget, init: MonitorInit = {}): Reference {
    this.#check()
    return this.#host.monitor(this.pid, target, init)
  }

  demonitor(reference: Reference, init: DemonitorInit = {}): boolean {
    this.#check()
    const active = this.#host.demonitor(this.pid, reference)
    if (!active && init.flush === true) {
      this.#mailbox.take((message) => message instanceof Down && message.reference.equals(reference))
    }
    return active
  }

  alias(init: { readonly reply?: boolean } = {}): Reference {
    this.#check()
    return this.#host.alias(this.pid, init)
  }

  unalias(reference: Reference): boolean {
    this.#check()
    return this.#host.unalias(this.pid, reference)
  }

  spawn(behaviour: Behaviour, init: SpawnInit = {}): Pid {
    this.#check()
    return this.#host.spawn(behaviour, init).pid
  }

  spawnLink(behaviour: Behaviour, init: SpawnInit = {}): Pid {
    this.#check()
    return this.#host.spawn(behaviour, init, { from: this.pid, type: 'link' }).pid
  }

  spawnMonitor(behaviour: Behaviour, init: SpawnInit = {}): { pid: Pid; reference: Reference } {
    this.#check()
    const { pid, reference } = this.#host.spawn(behaviour, init, { from: this.pid, type: 'monitor' })
    return { pid, reference: reference as Reference }
  }

  spawnRequest(node: string, call: FunctionCall, init: SpawnRequestInit = {}): Reference {
    this.#check()
    return this.#host.spawnRequest(this.pid, node, call, init)
  }

  abandonSpawn(reference: Reference): boolean {
    this.#check()
    return this.#host.abandonSpawn(this.pid, reference)
  }

  exit(to: Pid, reason: unknown): void {
    this.#check()
    this.#host.exit(this.pid, to, reason)
  }

  register(name: string): void {
    this.#check()
    this.#host.register(name, this.pid)
  }

  #wait(accept: Waiter['accept'], timeoutMs: number | undefined): Promise<unknown> {
    if (timeoutMs !== undefined && timeoutMs <= 0) return Promise.reject(timeoutError(timeoutMs))
    const waiter = { accept, timer: undefined } as unknown as Waiter
    waiter.promise = new Promise((resolve, reject) => {
      waiter.resolve = resolve
      waiter.reject = reject
    })
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) {
      waiter.timer = setTimeout(() => {
        this.#settle(this.#waiters.indexOf(waiter), waiter).reject(timeoutError(timeoutMs))
      }, timeoutMs)
    }
    this.#waiters.push(waiter)
    return waiter.promise
  }

  #settle(index: number, waiter: Waiter): Waiter {
    if (this.#waiters.length === 1) this.#waiters.pop()
    else this.#waiters.splice(index, 1)
    if (waiter.timer !== undefined) clearTimeout(waiter.timer)
    return waiter
  }

  #check(): void {
    if (this.#gone) throw this.#exitedError()
  }

  #overflow(): void {
    const text = `More than mailboxMessagesMax (${this.#mailboxMessagesMax}) messages waited in a mailbox. Read them faster, or raise the limit.`
    this.#end(atom('mailbox_full'), { error: new DistributionError('MAILBOX_FULL', text) })
  }

  #end(reason: unknown, thrown?: { readonly error: unknown }): void {
    // Others learn of it before the function does: whatever the function does next comes after its end.
    this.#leave(reason, thrown)
    this.#stopFunction(reason)
  }

  /** For everyone else the process has ended from now on. */
  #leave(reason: unknown, thrown?: { readonly error: unknown }): void {
    if (this.#gone) return
    this.#gone = true
    this.#host.ended(this, reason, thrown)
  }

  #stopFunction(reason: unknown): void {
    if (this.#ended !== undefined) return
    this.#ended = { reason }
    this.#mailbox.drain()
    const waiters = this.#waiters
    this.#waiters = []
    if (waiters.length === 0 && this.#controller === undefined) return
    const error = interruptedError(reason)
    for (const { promise, reject, timer } of waiters) {
      if (timer !== undefined) clearTimeout(timer)
      void handled(promise)
      reject(error)
    }
    this.#controller?.abort(error)
  }

  #exitedError(): DistributionError {
    return exitedError(this.#ended?.reason)
  }
}

function acceptorOf(match: Match<unknown>): Waiter['accept'] {
  return (message) => {
    const result = match(message)
    if (result === true) return message
    return result === undefined || result === false ? NO_MESSAGE : result
  }
}

/** The function of an ended process may have left this promise alone, and that must not count as an unhandled rejection. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

function timeoutError(timeoutMs: number): DistributionError {
  return new DistributionError('RECEIVE_TIMEOUT', `No such message came within ${timeoutMs} ms.`)
}
