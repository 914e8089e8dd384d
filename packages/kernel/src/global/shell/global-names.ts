import { keyOf, type NodeService, type Pid, type ServiceHost, Tuple } from '@tiebeam/distribution'
import { KernelError } from '../../errors.ts'
import { Caller } from '../../rpc/shell/caller.ts'
import { deleteLock, type LockContext, setLock } from '../lock-routines.ts'
import { type RegistrarContext, type Registration, register, registerAnew, unregister } from '../registrar.ts'
import { methodTerm, type ResolveMethod } from '../resolve-method.ts'
import type { Routine } from '../routine.ts'
import type { LockId } from '../vocabulary.ts'
import { Conflicts, comfortable } from './conflicts.ts'
import { GlobalProcess, TIMED_OUT } from './global-process.ts'
import { Routines } from './routines.ts'

export interface GlobalNamesInit {
  /**
   * Whether each node connects to all nodes that those it is connected to know, as OTP does unless it is started with
   * `-connect_all false`. Must be the same in all nodes of a cluster. Default true.
   */
  readonly connectAll?: boolean
  /**
   * Whether nodes drop each other when one of them has lost a connection, so that partitions do not overlap: OTP's
   * `prevent_overlapping_partitions`. Must be the same in all nodes of a cluster. Default true, as in OTP since release 25.
   */
  readonly preventOverlappingPartitions?: boolean
  /** Registrations that wait for their turn. Default 10,000. */
  readonly registrationsMax?: number
}

export interface RegisterOptions {
  /** Settles a conflict when two partitions meet that both have the name. Default 'randomExitName'. */
  readonly resolve?: ResolveMethod
}

export interface LockOptions {
  /** Where the lock is set. Default: here, and on all visible nodes to which there is a connection. */
  readonly nodes?: readonly string[]
  /** How often to try again after a refusal, with pauses of a quarter of a second at first and of up to 8 s later. Default Infinity. */
  readonly retries?: number
}

export interface SetLockOptions extends LockOptions {
  /** The process of this node that holds the lock, which ends with it. Default: the node itself. */
  readonly owner?: Pid
}

/** What is locked, and in whose name: whoever gives the same requester shares the lock. */
export interface Lock {
  readonly resource: unknown
  /** Default: the pid of the owner. */
  readonly requester?: unknown
}

export interface TransOptions extends LockOptions {
  /** In whose name. Default: nobody else's, so that it waits for all others. */
  readonly requester?: unknown
}

export interface SyncOptions {
  /** Default: all visible nodes to which there is a connection. */
  readonly nodes?: readonly string[]
  /** 0 to 2,147,483,647, or Infinity. Default: waits for ever, as in OTP. */
  readonly timeoutMs?: number
}

/** What is known of the cluster at one moment. */
export interface GlobalStats {
  /** The nodes with which names are shared. */
  readonly known: readonly string[]
  readonly synced: readonly string[]
  readonly names: number
  readonly locks: number
}

interface Running {
  readonly host: ServiceHost
  readonly process: GlobalProcess
  readonly routines: Routines
  readonly conflicts: Conflicts
}

const REGISTRATIONS_MAX = 10_000
const TIMEOUT_MS_MAX = 2_147_483_647
/** Conflicts that other nodes settle for us at the same time: one for each node with which names are compared. */
const CONFLICTS_MAX = 10_000

/**
 * OTP's `global`: names for processes and locks that all nodes of a cluster share. Give it to a node at its start, which makes the node a
 * visible one to OTP peers: `Node.start({ name, cookie, services: [names] })`.
 *
 * A name is any term. Every method but `start` fails with `SERVICE_NOT_RUNNING` before the node is started and after it is stopped.
 */
export class GlobalNames implements NodeService {
  readonly visible = true
  readonly #init: GlobalNamesInit
  #running: Running | undefined
  #hasStarted = false

  /** @throws KernelError `OPTION_INVALID` */
  constructor(init: GlobalNamesInit = {}) {
    const { registrationsMax = REGISTRATIONS_MAX } = init
    if (!(registrationsMax >= 1)) throw new KernelError('OPTION_INVALID', 'registrationsMax must be 1 or more.')
    this.#init = init
  }

  /** Called by the node. @throws KernelError `OPTION_INVALID` */
  async start(host: ServiceHost): Promise<void> {
    if (this.#hasStarted) {
      throw new KernelError(
        'OPTION_INVALID',
        'These global names belong to a node already; make new ones for each node.',
      )
    }
    this.#hasStarted = true
    const { connectAll = true, preventOverlappingPartitions = true, registrationsMax = REGISTRATIONS_MAX } = this.#init
    const caller = await Caller.start({ node: host.node, callsMax: CONFLICTS_MAX })
    const conflicts: Conflicts = new Conflicts({
      host,
      call: (node, call) => caller.call(node, call, Number.POSITIVE_INFINITY),
      names: () => process.server.names,
    })
    const routines: Routines = new Routines({
      host,
      report: (event) => process.dispatch(event),
      settle: (step) => conflicts.settle(step),
      registrationsMax,
    })
    const process: GlobalProcess = new GlobalProcess({ host, routines, connectAll, preventOverlappingPartitions })
    host.serveFunction({
      module: 'global',
      function: 'resolve_it',
      arity: 4,
      call: ([method, name, theirs, ours]) => conflicts.resolveFor(method, name, theirs, ours),
    })
    this.#running = { host, process, routines, conflicts }
  }

  /** Called by the node when it stops: other nodes then drop only this one, and not each other. */
  stop(): void {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    running.process.leave()
    running.routines.stop(notRunning())
  }

  /**
   * Registers a process under a name on all nodes. False when the name is taken, or the process has another one. The name ends with the
   * process.
   * @throws KernelError `REGISTRATIONS_FULL`; EncodeError for a name that has no term
   */
  async registerName(name: unknown, pid: Pid, options: RegisterOptions = {}): Promise<boolean> {
    const { conflicts, host } = this.#checked(name)
    const { resolve = 'randomExitName' } = options
    const record = { name, pid, method: methodTerm(resolve) }
    const registration: Registration = await this.#register((context) => register(context, record))
    if (registration === 'registered' && typeof resolve === 'function') conflicts.keep(name, pid, resolve)
    if (registration === 'processHasName') {
      host.logger.warn({ pid: String(pid), name }, 'global: a process that has a name cannot have another one')
    }
    return registration === 'registered'
  }

  /** Registers a process under a name on all nodes, and takes the name from whatever process has it. */
  async reRegisterName(name: unknown, pid: Pid, options: RegisterOptions = {}): Promise<void> {
    const { conflicts } = this.#checked(name)
    const { resolve = 'randomExitName' } = options
    const record = { name, pid, method: methodTerm(resolve) }
    await this.#register((context) => registerAnew(context, record))
    if (typeof resolve === 'function') conflicts.keep(name, pid, resolve)
  }

  /** Nothing happens when nobody has the name. */
  async unregisterName(name: unknown): Promise<void> {
    this.#checked(name)
    await this.#register((context) => unregister(context, name))
  }

  /** Unregisters the names of all processes of this node, because it is about to leave the cluster. */
  async leaveAll(): Promise<void> {
    const { host, process } = this.#checked(undefined)
    const own = process.server.names.records().filter(({ pid }) => pid.node === host.node.name)
    await Promise.all(own.map(({ name }) => this.#register((context) => unregister(context, name))))
  }

  /** The process that has the name. Costs a look into a table of this node. */
  whereisName(name: unknown): Pid | undefined {
    return this.#checked(name).process.server.whereis(name)
  }

  /** Sends to the process that has the name, on behalf of the node, and tells its pid. @throws KernelError `NAME_NOT_REGISTERED` */
  send(name: unknown, message: unknown): Pid {
    const pid = this.whereisName(name)
    if (pid === undefined) {
      throw new KernelError('NAME_NOT_REGISTERED', 'No process has this global name, as far as this node knows.')
    }
    this.#checked(name).host.node.send(pid, message)
    return pid
  }

  registeredNames(): unknown[] {
    return this.#checked(undefined)
      .process.server.names.records()
      .map(({ name }) => comfortable(name))
  }

  /**
   * Sets a lock on all nodes, or on none. Resolves with false when it was refused as often as `retries` allows.
   * @throws KernelError `OPTION_INVALID`; EncodeError for what has no term
   */
  async setLock({ resource, requester }: Lock, options: SetLockOptions = {}): Promise<boolean> {
    const { owner, nodes, retries } = this.#lockOptions(options)
    const lock = this.#lockId(resource, requester ?? owner)
    return await this.#checked(resource).routines.runApart(() =>
      setLock(this.#lockContext(owner), lock, nodes, retries),
    )
  }

  /** Takes back what {@link setLock} has set with the same options. */
  async deleteLock({ resource, requester }: Lock, options: SetLockOptions = {}): Promise<void> {
    const { owner, nodes } = this.#lockOptions(options)
    const lock = this.#lockId(resource, requester ?? owner)
    await this.#checked(resource).routines.runApart(() => deleteLock(this.#lockContext(owner), lock, nodes))
  }

  /**
   * Does something while a lock is held, and gives what came of it. If this node dies, its locks end.
   * @throws KernelError `LOCK_REFUSED` when the lock was refused as often as `retries` allows; what `body` throws
   */
  async trans<Result>(
    resource: unknown,
    body: () => Result | Promise<Result>,
    options: TransOptions = {},
  ): Promise<Result> {
    const { routines } = this.#checked(resource)
    const { nodes, retries } = this.#lockOptions(options)
    const process = routines.startProcess()
    try {
      const lock = this.#lockId(resource, options.requester ?? process.pid)
      const context = this.#lockContext()
      if (!(await routines.run(setLock(context, lock, nodes, retries), process))) {
        throw new KernelError(
          'LOCK_REFUSED',
          `The lock was refused ${retries + 1} times: others hold it. Allow more retries.`,
        )
      }
      try {
        return await body()
      } finally {
        // When the node stops, so does the lock.
        await routines.run(deleteLock(context, lock, nodes), process).catch(() => {})
      }
    } finally {
      process.end()
    }
  }

  /**
   * Waits until the names are in sync with those of other nodes. Nodes that go meanwhile are not waited for.
   * @throws KernelError `SYNC_TIMEOUT`, `SYNCS_FULL`, `OPTION_INVALID`
   */
  async sync(options: SyncOptions = {}): Promise<void> {
    const { process } = this.#checked(undefined)
    const { nodes = [...process.server.nodes.connected], timeoutMs = Number.POSITIVE_INFINITY } = options
    if (!(timeoutMs >= 0 && (timeoutMs <= TIMEOUT_MS_MAX || timeoutMs === Number.POSITIVE_INFINITY))) {
      throw new KernelError('OPTION_INVALID', `timeoutMs must be 0 to ${TIMEOUT_MS_MAX}, or Infinity.`)
    }
    const answer = await process.sync(nodes, timeoutMs)
    if (answer === TIMED_OUT) {
      const missing = nodes.filter((node) => !process.server.nodes.synced.has(node))
      throw new KernelError('SYNC_TIMEOUT', `Not in sync within ${timeoutMs} ms with ${missing.join(', ')}.`)
    }
    if (answer instanceof Tuple) {
      throw new KernelError('SYNCS_FULL', 'Too many calls of sync wait already; wait for some of them.')
    }
  }

  /** Closes the connections to all visible nodes, which then drop this node, and not each other. Gives their names. */
  async disconnect(): Promise<string[]> {
    return await this.#checked(undefined).process.disconnect()
  }

  stats(): GlobalStats {
    const { names, locks, nodes } = this.#checked(undefined).process.server
    return { known: nodes.names(), synced: [...nodes.synced], names: names.size, locks: locks.size }
  }

  #register<Result>(routine: (context: RegistrarContext) => Routine<Result>): Promise<Result> {
    const { routines, process } = this.#checked(undefined)
    const { names, nodes } = process.server
    const views = { names, whereis: (each: unknown) => process.server.whereis(each), known: () => nodes.names() }
    return routines.register((pid) => routine({ ...this.#lockContext(), ...views, pid }))
  }

  #lockContext(owner?: Pid): LockContext {
    const { host, process } = this.#checked(undefined)
    return {
      own: host.node.name,
      locks: process.server.locks,
      random: Math.random,
      ...(owner !== undefined && { owner }),
    }
  }

  #lockOptions({ owner, nodes, retries = Number.POSITIVE_INFINITY }: SetLockOptions): Required<SetLockOptions> {
    const { host, process } = this.#checked(undefined)
    const { node } = host
    if (!(retries >= 0)) throw new KernelError('OPTION_INVALID', 'retries must be 0 or more.')
    if (owner !== undefined && owner.node !== node.name) {
      throw new KernelError('OPTION_INVALID', 'A lock is held by a process of this node; set it where the owner lives.')
    }
    return { owner: owner ?? node.pid, nodes: nodes ?? [node.name, ...process.server.nodes.connected], retries }
  }

  #lockId(resource: unknown, requester: unknown): LockId {
    keyOf(requester)
    return { resource, requester }
  }

  /** @throws EncodeError for a term that is none */
  #checked(term: unknown): Running {
    if (this.#running === undefined) throw notRunning()
    keyOf(term)
    return this.#running
  }
}

function notRunning(): KernelError {
  const text =
    'Global names work as long as their node runs: give them to it, as in Node.start({ …, services: [names] }).'
  return new KernelError('SERVICE_NOT_RUNNING', text)
}
