import { Node } from '@tiebeam/distribution'
import { SHUTDOWN } from '../../exit-reasons.ts'
import { staticSettings } from '../../supervisor/settings.ts'
import { Supervisor } from '../../supervisor/shell/supervisor.ts'
import { SupervisorProcess } from '../../supervisor/shell/supervisor-process.ts'
import type { ApplicationInit, ApplicationRunInit } from '../application-init.ts'
import type { ApplicationEnd } from '../exit-status.ts'
import { runApplication } from './run.ts'

export interface ApplicationStopOptions {
  /** Then what is left is killed. Default: none, because every child has its own limit, `shutdownMs`. */
  readonly timeoutMs?: number
}

/** A node, and a root supervisor with the children that make up the application. */
export class Application {
  readonly name: string
  readonly node: Node
  readonly supervisor: Supervisor
  /** Resolves with how it ended: stopped, given up by its root supervisor, or at its end by itself. Never rejects. */
  readonly ended: Promise<ApplicationEnd>
  readonly #ownsNode: boolean

  /**
   * Starts the node and the tree; resolves when all is started. If something cannot be, what was started is stopped in reverse order.
   * @throws OtpError `OPTION_INVALID`; `CHILD_START_FAILED`, a {@link ChildStartError} with the cause; `SUPERVISOR_STOPPED` when `signal` was
   * aborted. DistributionError, as of {@link Node.start}
   */
  static async start(init: ApplicationInit, options: { readonly signal?: AbortSignal } = {}): Promise<Application> {
    const ownsNode = !(init.node instanceof Node)
    if (typeof init.children !== 'function') staticSettings({ ...init, children: init.children })
    const node =
      init.node instanceof Node
        ? init.node
        : await Node.start({ ...(init.logger && { logger: init.logger }), ...init.node })
    try {
      const children = typeof init.children === 'function' ? init.children(node) : init.children
      const settings = staticSettings({ ...init, children })
      const name = `${init.name}_sup`
      const process = new SupervisorProcess(node, { settings, name, logger: node.logger, signal: options.signal })
      await process.initialised
      return new Application(init.name, node, ownsNode, process)
    } catch (error) {
      if (ownsNode) await node.stop()
      throw error
    }
  }

  /**
   * The main program of a service. Starts the application, stops it on SIGTERM and SIGINT, and ends the operating-system process, with
   * exit code
   *
   * - 0 after such a stop, or when the end of a significant child has ended the tree in order (`autoShutdown`);
   * - 1 when it could not start, when its root supervisor gave up, or when the stop took longer than `stopMs`;
   * - 130 (SIGINT) or 143 (SIGTERM) at once, when a second signal comes.
   *
   * Why is logged. Handlers of these signals are there while it runs, and not afterwards. It resolves when all is stopped; then Node ends
   * by itself, or is ended a second later, if something keeps it running.
   * @throws OtpError `OPTION_INVALID` for `stopMs`; all else that goes wrong is logged
   */
  static run(init: ApplicationRunInit): Promise<void> {
    return runApplication(init, Application.start)
  }

  private constructor(name: string, node: Node, ownsNode: boolean, process: SupervisorProcess) {
    this.name = name
    this.node = node
    this.supervisor = Supervisor.at(node, process.pid)
    this.ended = process.ended.then(({ cause }) => cause)
    this.#ownsNode = ownsNode
  }

  /** Ends the children in reverse order, then the node, if it was started with the application. Never rejects. */
  async stop({ timeoutMs }: ApplicationStopOptions = {}): Promise<void> {
    await this.supervisor.stop({ reason: SHUTDOWN, ...(timeoutMs !== undefined && { timeoutMs }) })
    if (this.#ownsNode) await this.node.stop()
  }
}
