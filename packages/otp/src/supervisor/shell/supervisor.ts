import { type Logger, Node, type Pid, type Process } from '@tiebeam/distribution'
import type { ChildInit, ChildSpec } from '../../child-spec.ts'
import { checkedSpec, type StaticInit, staticSettings } from '../settings.ts'
import { supervisorChild } from './supervisor-child.ts'
import { SupervisorHandle } from './supervisor-handle.ts'
import { SupervisorProcess } from './supervisor-process.ts'

export interface SupervisorInit extends StaticInit {
  /** A name to register it under. */
  readonly name?: string
  /** For restarts, restarts that fail, and giving up. Default: that of the supervisor above, or of the node. */
  readonly logger?: Logger
}

/** Starts children in order, restarts those that end, and ends them in reverse order; OTP's `supervisor`. */
export class Supervisor extends SupervisorHandle {
  /**
   * Starts a supervisor and its children; resolves when all of them are started. If one cannot be, those before it are ended in reverse
   * order. With a process as its parent the supervisor is linked to it. An exit signal of its parent stops it, whatever the reason.
   * @throws OtpError `OPTION_INVALID`; `CHILD_START_FAILED`, a {@link ChildStartError} with the cause; `SUPERVISOR_STOPPED`. DistributionError `NAME_TAKEN`
   */
  static async start(parent: Node | Process, init: SupervisorInit): Promise<Supervisor> {
    const settings = staticSettings(init)
    const node = parent instanceof Node ? parent : parent.node
    const { name, logger = node.logger } = init
    const process = new SupervisorProcess(parent, { settings, name, logger })
    await process.initialised
    return new Supervisor(node, process.pid)
  }

  /** A supervisor as a child of another one. @throws OtpError `OPTION_INVALID` */
  static child(init: SupervisorInit & ChildInit): ChildSpec {
    return supervisorChild(init, staticSettings(init))
  }

  /** The supervisor that has this name or pid on this node, whenever it runs. */
  static at(node: Node, target: string | Pid): Supervisor {
    return new Supervisor(node, target)
  }

  /**
   * Adds a child after those that are there. A temporary one is forgotten when it has ended.
   * @throws OtpError `OPTION_INVALID`, `CHILD_START_FAILED`, `CHILD_ID_TAKEN`, `SUPERVISOR_STOPPED`
   */
  async startChild(spec: ChildSpec): Promise<Pid> {
    const { pid } = await this.ask({ type: 'startChild', spec: checkedSpec(spec) }, 'started', spec.id)
    return pid
  }

  /** Ends a child and keeps it for `restartChild`, unless it is temporary. @throws OtpError `CHILD_NOT_FOUND`, `SUPERVISOR_STOPPED` */
  async terminateChild(id: string): Promise<void> {
    await this.ask({ type: 'terminateChild', child: id }, 'done', id)
  }

  /**
   * Starts a child that does not run.
   * @throws OtpError `CHILD_NOT_FOUND`, `CHILD_RUNNING`, `CHILD_RESTARTING`, `CHILD_START_FAILED`, `SUPERVISOR_STOPPED`
   */
  async restartChild(id: string): Promise<Pid> {
    const { pid } = await this.ask({ type: 'restartChild', child: id }, 'started', id)
    return pid
  }

  /** Forgets a child that does not run. @throws OtpError `CHILD_NOT_FOUND`, `CHILD_RUNNING`, `CHILD_RESTARTING`, `SUPERVISOR_STOPPED` */
  async deleteChild(id: string): Promise<void> {
    await this.ask({ type: 'deleteChild', child: id }, 'done', id)
  }
}
