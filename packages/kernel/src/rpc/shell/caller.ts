import { randomBytes } from 'node:crypto'
import {
  atom,
  DistributionError,
  Down,
  type FunctionCall,
  type Node,
  type Process,
  Reference,
  SpawnReply,
} from '@tiebeam/distribution'
import { type Answer, answerOf, type OutboundCall, refusal, rpcError, timedOut } from '../answer.ts'

export interface CallerInit {
  readonly node: Node
  readonly callsMax: number
}

interface Pending extends OutboundCall {
  readonly requestId: Reference
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout | undefined
}

const ERPC = 'erpc'

/**
 * Makes calls on behalf of one process, which hears of their ends: whoever calls needs no process of its own. A call is a process on the
 * other node that is monitored from its beginning, as `erpc` of OTP makes it.
 */
export class Caller {
  readonly #init: CallerInit
  readonly #pending = new Map<string, Pending>()
  /** Marks the reasons of processes that tell the outcome of a call. */
  readonly #reference: Reference
  #self: Process | undefined
  #stopped = false

  static async start(init: CallerInit): Promise<Caller> {
    const caller = new Caller(init)
    await caller.#start()
    return caller
  }

  private constructor(init: CallerInit) {
    this.#init = init
    const random = randomBytes(12)
    const ids = [random.readUInt32BE(0) % 2 ** 18, random.readUInt32BE(4), random.readUInt32BE(8)]
    this.#reference = new Reference(init.node.name, init.node.creation, ids)
  }

  /** Calls that wait for their answer. */
  get pending(): number {
    return this.#pending.size
  }

  call(node: string, call: FunctionCall, timeoutMs: number): Promise<unknown> {
    const made = { node, call }
    const self = this.#self
    if (self === undefined) return Promise.reject(stopped(made))
    if (this.#pending.size >= this.#init.callsMax) {
      const text = `was not made: ${this.#pending.size} calls (callsOutMax) are under way. Wait for some, or raise the limit.`
      return Promise.reject(rpcError('RPC_CALLS_FULL', text, made))
    }
    return new Promise((resolve, reject) => {
      const args = [this.#reference, atom(call.module), atom(call.function), call.args]
      const requestId = self.spawnRequest(
        node,
        { module: ERPC, function: 'execute_call', args },
        { monitor: true, replies: 'errors' },
      )
      const timer =
        timeoutMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(this.#late, timeoutMs, requestId, timeoutMs)
      this.#pending.set(requestId.key, { node, call, requestId, resolve, reject, timer })
    })
  }

  /** @throws RpcError `RPC_STOPPED`; what `send` of a process throws */
  cast(node: string, call: FunctionCall): void {
    if (this.#self === undefined) throw stopped({ node, call })
    const args = [atom(call.module), atom(call.function), call.args]
    this.#self.spawnRequest(node, { module: ERPC, function: 'execute_cast', args }, { replies: 'none' })
  }

  stop(): void {
    this.#stopped = true
    if (this.#self !== undefined) this.#init.node.exit(this.#self.pid, atom('kill'))
  }

  #start(): Promise<void> {
    return new Promise((resolve) => {
      this.#init.node.spawn(
        async (self) => {
          this.#self = self
          resolve()
          await this.#run(self)
        },
        // Whoever links to it or sends exit signals must not end the calls of others.
        { trapExit: true },
      )
    })
  }

  async #run(self: Process): Promise<void> {
    try {
      for (;;) for (const message of await self.receiveAll()) this.#receive(message)
    } catch (error) {
      if (!(error instanceof DistributionError) || error.code !== 'PROCESS_EXITED') throw error
    } finally {
      this.#self = undefined
      for (const pending of this.#takeAll()) pending.reject(stopped(pending))
      // Somebody killed it. Later calls are to find another.
      if (!this.#stopped) this.#restart()
    }
  }

  #restart(): void {
    this.#start().catch(() => {
      // The node has stopped.
    })
  }

  #receive(message: unknown): void {
    if (message instanceof Down) {
      const pending = this.#take(message.reference)
      if (pending !== undefined) settle(pending, answerOf(message.reason, this.#reference, pending))
    } else if (message instanceof SpawnReply) {
      const pending = this.#take(message.reference)
      pending?.reject(refusal(message.error, pending))
    }
  }

  readonly #late = (requestId: Reference, timeoutMs: number): void => {
    const pending = this.#take(requestId)
    if (pending === undefined) return
    // The answer may be in the mailbox already; it finds no one then.
    if (this.#self?.abandonSpawn(requestId) === false) this.#self.demonitor(requestId)
    pending.reject(timedOut(pending, timeoutMs))
  }

  #take(reference: Reference): Pending | undefined {
    const pending = this.#pending.get(reference.key)
    if (pending === undefined) return undefined
    this.#pending.delete(reference.key)
    clearTimeout(pending.timer)
    return pending
  }

  #takeAll(): Pending[] {
    return [...this.#pending.values()].flatMap((pending) => this.#take(pending.requestId) ?? [])
  }
}

function settle({ resolve, reject }: Pending, answer: Answer): void {
  if (answer.type === 'value') resolve(answer.value)
  else reject(answer.error)
}

function stopped(made: OutboundCall): Error {
  return rpcError('RPC_STOPPED', 'was given up, because the Rpc or its node was stopped here.', made)
}
