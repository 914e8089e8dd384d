import type { Pid, Reference } from '@tiebeam/etf'
import type { Logger } from './logger.ts'
import type { Node } from './node.ts'
import type { Destination, MonitorTarget } from './process/notices.ts'
import type { MonitorInit, ReceiveInit } from './process/process.ts'

/**
 * What a node offers besides its processes, such as `global`. It is started before the node can be reached, because peers address it with
 * the first message of a connection; and it is given to the node at its start, because the handshake must tell what the node speaks.
 */
export interface NodeService {
  /**
   * Whether it is a reason for OTP peers to treat the node as a visible one. They expect `global` of a visible node, and hang or drop
   * each other over one that does not speak it; so only a service that does may say so. Default false.
   */
  readonly visible?: boolean
  /** Rejects, or throws, when the node cannot start. */
  start(host: ServiceHost): void | Promise<void>
  /** Called first when the node stops, in the reverse order of the start, while all connections are still up. */
  stop?(): void | Promise<void>
}

/** What a service gets from its node that an application does not. */
export interface ServiceHost {
  readonly node: Node
  readonly logger: Logger
  /** @throws DistributionError `NAME_TAKEN`, `OPTION_INVALID` */
  serve(init: ServeInit): ServedProcess
  /** Other nodes can call this function from now on, whatever the application lets them call. */
  serveFunction(served: ServedFunction): void
}

/** A function that other nodes expect on every node, as `erpc:call/4` reaches it. */
export interface ServedFunction {
  readonly module: string
  readonly function: string
  readonly arity: number
  readonly call: (args: readonly unknown[]) => unknown
}

export interface ServeInit {
  /** A registered name, which applications can neither take away nor see. */
  readonly name?: string
  /** Called with each message as it arrives: what other nodes send, a `Down`, an `Exit`. Nothing waits in a mailbox. */
  readonly handle: (message: unknown) => void
  /**
   * Messages to the name are decoded exactly, whatever the decoding of the node: for a service that passes on terms which others must find
   * unchanged. Default false.
   */
  readonly exact?: boolean
}

/** A process without a mailbox. No exit signal ends it: it lives until `end`, else as long as its node. */
export interface ServedProcess {
  readonly pid: Pid
  /** @throws DistributionError `OUTPUT_FULL`; EncodeError */
  send(to: Destination, message: unknown): void
  /** Sends a request and waits for its answer, or for the `Down` of whom it was sent to: see `ask` of a process. */
  ask(target: MonitorTarget, message: (alias: Reference) => unknown, init?: ReceiveInit): Promise<unknown>
  monitor(target: MonitorTarget, init?: MonitorInit): Reference
  demonitor(reference: Reference): boolean
  exit(to: Pid, reason: unknown): void
  /** Ends it, with reason `normal`. */
  end(): void
}
