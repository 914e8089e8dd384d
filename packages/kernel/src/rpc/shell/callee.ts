import { inspect } from 'node:util'
import {
  atom,
  type Behaviour,
  type CallServer,
  ExitReason,
  type FunctionCall,
  type Logger,
  type Node,
  type Pid,
  type Process,
  type SpawnRequest,
} from '@tiebeam/distribution'
import type { CallContext, Exposed } from '../exposed.ts'
import {
  asErpcReason,
  asExitReason,
  asRpcReply,
  badApplyOutcome,
  type Outcome,
  Thrown,
  thrownOutcome,
  undefOutcome,
} from '../outcome.ts'
import { isMalformed, type MalformedCall, wantedOf } from '../wanted.ts'
import { LARGE_RESULT_BYTES, LargeResults } from './large-results.ts'

export interface CalleeInit {
  readonly node: Node
  readonly exposed: Exposed
  readonly callsMax: number
  readonly logger: Logger
}

/** So many different refusals are logged: a peer that tries names must not fill the log. */
const REFUSALS_LOGGED_MAX = 1_000
const SHUTDOWN = atom('shutdown')

/** A class, because most functions never look at the signal, which then is not made. */
class Context implements CallContext {
  readonly from: Pid | undefined
  readonly #self: Process

  constructor(from: Pid | undefined, self: Process) {
    this.from = from
    this.#self = self
  }

  get signal(): AbortSignal {
    return this.#self.signal
  }
}

/** Runs what other nodes call: exposed functions, each in a process of its own. */
export class Callee implements CallServer {
  readonly #init: CalleeInit
  readonly #running = new Set<Process>()
  readonly #refusalsLogged = new Set<string>()
  readonly #largeResults: LargeResults
  #onIdle: (() => void)[] = []

  constructor(init: CalleeInit) {
    this.#init = init
    this.#largeResults = new LargeResults(init.node)
  }

  /** Functions that run for others. */
  get running(): number {
    return this.#running.size
  }

  spawn(request: SpawnRequest): Behaviour {
    const { from } = request
    const wanted = wantedOf(request)
    const { call } = wanted
    if (wanted.type === 'cast') {
      return async (self) => {
        const outcome = await this.#outcomeOf(call, from, self)
        if (outcome.type !== 'return') throw new ExitReason(await this.#sendable(asExitReason, outcome, call, from))
      }
    }
    const form = (outcome: Outcome) => asErpcReason(outcome, wanted.reference)
    return async (self) => {
      const outcome = await this.#outcomeOf(call, from, self)
      const reason = await this.#sendable(form, outcome, call, from)
      // Ends the process like an ExitReason, which would cost more than all the rest. It may have been ended from outside by now.
      this.#init.node.exit(self.pid, reason)
    }
  }

  call(call: FunctionCall, from: Pid | undefined): Promise<unknown> {
    return new Promise<unknown>((resolve) => {
      this.#init.node.spawn(async (self) => {
        const outcome = await this.#outcomeOf(call, from, self)
        resolve(await this.#sendable(asRpcReply, outcome, call, from))
      })
      // A node that is about to stop starts no process.
    }).catch(() => asRpcReply({ type: 'exit', reason: SHUTDOWN }))
  }

  /** Resolves when no function runs any more. */
  async idle(): Promise<void> {
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  /** Resolves when no function runs any more; those that do after `timeoutMs` have their processes ended. */
  async end(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([this.idle(), late])
    clearTimeout(timer)
    for (const { pid } of [...this.#running]) this.#init.node.exit(pid, SHUTDOWN)
  }

  async #outcomeOf(call: FunctionCall | MalformedCall, from: Pid | undefined, self: Process): Promise<Outcome> {
    if (isMalformed(call)) return badApplyOutcome(call.malformed)
    const exposed = this.#init.exposed.find(call)
    if (exposed === undefined) {
      this.#refused(call, from, 'a function that is not exposed was called')
      return undefOutcome(call)
    }
    if (this.#running.size >= this.#init.callsMax) {
      this.#refused(call, from, `a call was refused: callsInMax (${this.#init.callsMax}) functions run already`)
      return { type: 'limit' }
    }
    this.#running.add(self)
    try {
      return { type: 'return', value: await exposed.apply(new Context(from, self), call.args as never[]) }
    } catch (thrown) {
      const onPurpose = thrown instanceof ExitReason || thrown instanceof Thrown
      if (!onPurpose) this.#init.logger.error({ err: thrown, ...described(call, from) }, 'a called function failed')
      return thrownOutcome(thrown, call)
    } finally {
      this.#running.delete(self)
      if (this.#running.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
    }
  }

  /** The outcome as a term that can be sent, which tells the caller so when what the function gave cannot be. */
  async #sendable(
    form: (outcome: Outcome) => unknown,
    outcome: Outcome,
    call: FunctionCall | MalformedCall,
    from: Pid | undefined,
  ): Promise<unknown> {
    const term = form(outcome)
    if (isMalformed(call) || (outcome.type === 'return' && isScalar(outcome.value))) return term
    try {
      const bytes = this.#init.node.bytesOf(term)
      if (from !== undefined && bytes > LARGE_RESULT_BYTES) await this.#largeResults.turn(from.node)
      return term
    } catch (error) {
      this.#init.logger.error({ err: error, ...described(call, from) }, 'what a called function gave cannot be sent')
      return form(thrownOutcome(error, call))
    }
  }

  #refused(call: FunctionCall, from: Pid | undefined, text: string): void {
    const about = described(call, from)
    const key = `${text} ${inspect(about)}`
    if (this.#refusalsLogged.size >= REFUSALS_LOGGED_MAX || this.#refusalsLogged.has(key)) return
    this.#refusalsLogged.add(key)
    this.#init.logger.warn(about, text)
  }
}

/** Whether a value surely has a term, which most results do that are worth being quick about. */
function isScalar(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'boolean' || value === undefined || value === null
}

function described({ module, function: name, args }: FunctionCall, from: Pid | undefined) {
  return { function: `${module}:${name}/${args.length}`, peer: from?.node }
}
