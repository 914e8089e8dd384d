import { genCall, type Pid, type ServedProcess, type ServiceHost, Tuple } from '@tiebeam/distribution'
import type { GlobalEvent } from '../effects.ts'
import type { Replies, Settlement, Step } from '../routine.ts'
import type { RoutineHost } from '../routine-run.ts'
import { type Cast, SERVER_NAME } from '../vocabulary.ts'
import { couldNotSend } from './unsendable.ts'

type Ask = Extract<Step, { type: 'ask' }>
type Settle = Extract<Step, { type: 'settle' }>

export interface RoutineProcessInit {
  readonly service: ServiceHost
  /** What others send to it, but for answers to what it asked. */
  readonly handle?: (message: unknown) => void
  readonly report: (event: GlobalEvent) => void
  readonly settle: (step: Settle) => Promise<Settlement>
}

/** A process of the node that runs routines. */
export class RoutineProcess implements RoutineHost {
  readonly #init: RoutineProcessInit
  readonly #process: ServedProcess

  constructor(init: RoutineProcessInit) {
    this.#init = init
    this.#process = init.service.serve({ handle: (message) => init.handle?.(message) })
  }

  get pid(): Pid {
    return this.#process.pid
  }

  end(): void {
    this.#process.end()
  }

  ask(step: Ask, onReplies: (replies: Replies) => void): void {
    const replies = new Map<string, unknown>()
    const asking = step.nodes.map(async (node) => {
      const answer = await this.#ask(node, step)
      if (answer instanceof Tuple) replies.set(node, answer.at(1))
    })
    void Promise.all(asking).then(() => onReplies(replies))
  }

  settle(step: Settle, onSettled: (settlement: Settlement) => void): void {
    void this.#init.settle(step).then(onSettled)
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  }

  cast({ node, message }: Cast): void {
    try {
      this.#process.send({ name: SERVER_NAME, node }, message)
    } catch (error) {
      couldNotSend(this.#init.service, node, error)
    }
  }

  send(to: Pid, message: unknown): void {
    try {
      this.#process.send(to, message)
    } catch (error) {
      couldNotSend(this.#init.service, to.node, error)
    }
  }

  report(event: GlobalEvent): void {
    this.#init.report(event)
  }

  /** The reply, `{Tag, Value}`; or a Down, or undefined, when there is none. */
  async #ask(node: string, { request, owner }: Ask): Promise<unknown> {
    try {
      const target = { name: SERVER_NAME, node }
      // Locks are held by whoever asks; the answer comes here, whoever that is.
      return await this.#process.ask(target, (alias) => genCall(owner ?? this.pid, alias, request))
    } catch (error) {
      couldNotSend(this.#init.service, node, error)
      return undefined
    }
  }
}
