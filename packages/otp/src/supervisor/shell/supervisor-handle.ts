import type { Node, Pid } from '@tiebeam/distribution'
import { SHUTDOWN } from '../../exit-reasons.ts'
import { WAIT_MS_MAX } from '../../wait-ms.ts'
import type { Answer, ChildCounts, ChildInfo, Operation } from '../events.ts'
import { refusalError, supervisorStopped } from '../refusal-error.ts'
import { askSupervisor } from './local-request.ts'

export interface SupervisorStopOptions {
  /** Then children that are left are killed. Default: none, because every child has its own limit, `shutdownMs`. */
  readonly timeoutMs?: number
  /** With what the supervisor ends. Default `shutdown`. */
  readonly reason?: unknown
}

/** What all supervisors of a node can be asked by its own code. */
export abstract class SupervisorHandle {
  readonly #node: Node
  readonly #target: Pid | string

  protected constructor(node: Node, target: Pid | string) {
    this.#node = node
    this.#target = target
  }

  /** Undefined when it is not running and was addressed by its name. */
  get pid(): Pid | undefined {
    return typeof this.#target === 'string' ? this.#node.whereis(this.#target) : this.#target
  }

  /** The children, in the order in which they were started. @throws OtpError `SUPERVISOR_STOPPED` */
  async whichChildren(): Promise<readonly ChildInfo[]> {
    const answer = await this.ask({ type: 'whichChildren' }, 'children')
    return answer.children
  }

  /** @throws OtpError `SUPERVISOR_STOPPED` */
  async countChildren(): Promise<ChildCounts> {
    const answer = await this.ask({ type: 'countChildren' }, 'counts')
    return answer.counts
  }

  /**
   * Ends the children in order, and then the supervisor. Resolves when it has ended, however that came about; never rejects. The
   * supervisor above it, if there is one, sees a child that has ended, and may restart it.
   */
  async stop(options: SupervisorStopOptions = {}): Promise<void> {
    const { timeoutMs, reason = SHUTDOWN } = options
    const ended = askSupervisor(this.#node, this.#target, { type: 'stop', reason })
    const killAll = () => void askSupervisor(this.#node, this.#target, { type: 'killAll' })
    const timer = timeoutMs === undefined || timeoutMs > WAIT_MS_MAX ? undefined : setTimeout(killAll, timeoutMs)
    await ended
    clearTimeout(timer)
  }

  protected async ask<Type extends Answer['type']>(
    operation: Operation,
    type: Type,
    child = '',
  ): Promise<Answer & { readonly type: Type }> {
    const answer = await askSupervisor(this.#node, this.#target, operation)
    if (answer?.type === 'refused') throw refusalError(answer.refusal, child)
    if (answer?.type !== type) throw supervisorStopped()
    return answer as Answer & { readonly type: Type }
  }
}
