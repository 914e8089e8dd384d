import { type Logger, Node, type Pid, type Process } from '@tiebeam/distribution'
import type { ChildInit, ChildSpec } from '../../child-spec.ts'
import { checkedSpec, type DynamicInit, dynamicSettings } from '../settings.ts'
import { supervisorChild } from './supervisor-child.ts'
import { SupervisorHandle } from './supervisor-handle.ts'
import { SupervisorProcess } from './supervisor-process.ts'

export interface DynamicSupervisorInit extends DynamicInit {
  /** A name to register it under. */
  readonly name?: string
  /** Default: that of the supervisor above, or of the node. */
  readonly logger?: Logger
}

/**
 * A supervisor whose children come and go: none at first, then any number, each restarted by itself, and all ended at once at the end.
 * Elixir's `DynamicSupervisor`, and what OTP's `simple_one_for_one` is for.
 */
export class DynamicSupervisor extends SupervisorHandle {
  /** @throws OtpError `OPTION_INVALID`. DistributionError `NAME_TAKEN` */
  static async start(parent: Node | Process, init: DynamicSupervisorInit = {}): Promise<DynamicSupervisor> {
    const settings = dynamicSettings(init)
    const node = parent instanceof Node ? parent : parent.node
    const { name, logger = node.logger } = init
    const process = new SupervisorProcess(parent, { settings, name, logger })
    await process.initialised
    return new DynamicSupervisor(node, process.pid)
  }

  /** A dynamic supervisor as a child of another supervisor; reach it by its name, with {@link DynamicSupervisor.at}. */
  static child(init: DynamicSupervisorInit & ChildInit): ChildSpec {
    return supervisorChild(init, dynamicSettings(init))
  }

  /** The dynamic supervisor that has this name or pid on this node, whenever it runs. */
  static at(node: Node, target: string | Pid): DynamicSupervisor {
    return new DynamicSupervisor(node, target)
  }

  /**
   * Starts a child. Its id is for the log, and need not be unique.
   * @throws OtpError `OPTION_INVALID`, `CHILD_START_FAILED`, `CHILDREN_MAX`, `SUPERVISOR_STOPPED`
   */
  async startChild(spec: ChildSpec): Promise<Pid> {
    const { pid } = await this.ask({ type: 'startChild', spec: checkedSpec(spec) }, 'started', spec.id)
    return pid
  }

  /** Ends a child for good. @throws OtpError `CHILD_NOT_FOUND`, `SUPERVISOR_STOPPED` */
  async terminateChild(pid: Pid): Promise<void> {
    await this.ask({ type: 'terminateChild', child: pid }, 'done', String(pid))
  }
}
