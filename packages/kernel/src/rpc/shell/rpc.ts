import { DistributionError, type Drainable, type FunctionCall, type Logger, type Node } from '@tiebeam/distribution'
import { KernelError } from '../../errors.ts'
import { Exposed, type ExposedModules } from '../exposed.ts'
import { RpcError } from '../rpc-error.ts'
import { Callee } from './callee.ts'
import { Caller } from './caller.ts'

export interface RpcInit {
  /** The functions that other nodes may call. Default: none. */
  readonly expose?: ExposedModules
  /** Exposed functions that run at the same time; further calls are refused with `system_limit`. Default 10,000. */
  readonly callsInMax?: number
  /** Calls of this node that wait for their answer; further ones are refused with `RPC_CALLS_FULL`. Default 100,000. */
  readonly callsOutMax?: number
  /** Hears of refused calls, once each, and of functions that failed. Default: that of the node. */
  readonly logger?: Logger
}

export interface CallInit {
  /** Rejects with `RPC_TIMEOUT` after so long; 1 to 2,147,483,647, or Infinity to wait for ever. Default 5,000. */
  readonly timeoutMs?: number
}

/** What one node of a multicall gave: `PromiseSettledResult`, with the name of the node. */
export type MulticallResult<T> =
  | { readonly node: string; readonly status: 'fulfilled'; readonly value: T }
  | { readonly node: string; readonly status: 'rejected'; readonly reason: RpcError | DistributionError }

export interface RpcStats {
  /** Calls of this node that wait for their answer. */
  readonly callsOut: number
  /** Exposed functions that run for others. */
  readonly callsIn: number
}

export interface RpcStopInit {
  /** For functions that run for others; after that their processes are ended with `shutdown`. Default 5,000. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 5_000
const TIMEOUT_MS_MAX = 2_147_483_647
const STOP_MS = 5_000
const CALLS_IN_MAX = 10_000
const CALLS_OUT_MAX = 100_000

/**
 * Remote calls of a node, both ways: it calls functions of other nodes as OTP's `erpc` does, and other nodes (BEAM nodes by `erpc` and `rpc`, Tiebeam nodes by
 * this) call the functions that it exposes, and no others.
 */
export class Rpc implements Drainable {
  readonly #exposed: Exposed
  readonly #caller: Caller
  readonly #callee: Callee
  readonly #endServing: () => void
  readonly #endDraining: () => void

  /** @throws KernelError `OPTION_INVALID`; DistributionError `OPTION_INVALID` when the node has an Rpc already, `NODE_STOPPED` */
  static async start(node: Node, init: RpcInit = {}): Promise<Rpc> {
    const callsInMax = countOf('callsInMax', init.callsInMax ?? CALLS_IN_MAX)
    const callsOutMax = countOf('callsOutMax', init.callsOutMax ?? CALLS_OUT_MAX)
    const exposed = new Exposed()
    exposed.add(init.expose ?? {})
    const callee = new Callee({ node, exposed, callsMax: callsInMax, logger: init.logger ?? node.logger })
    const endServing = node.serveCalls(callee)
    try {
      const caller = await Caller.start({ node, callsMax: callsOutMax })
      return new Rpc(node, exposed, caller, callee, endServing)
    } catch (error) {
      endServing()
      throw error
    }
  }

  private constructor(node: Node, exposed: Exposed, caller: Caller, callee: Callee, endServing: () => void) {
    this.#exposed = exposed
    this.#caller = caller
    this.#callee = callee
    this.#endServing = endServing
    this.#endDraining = node.drain.add(this)
  }

  /** Exposes more modules. @throws KernelError `OPTION_INVALID`, and then exposes none of them */
  expose(modules: ExposedModules): void {
    this.#exposed.add(modules)
  }

  /**
   * Calls a function of a node and resolves with its result; connects first when that must be. OTP: `erpc:call/5`. The name of a module of
   * Elixir begins with `Elixir.`.
   * @throws RpcError (it rejects); KernelError `OPTION_INVALID`; DistributionError `OUTPUT_FULL`, `MESSAGE_TOO_LARGE`,
   * `SPAWN_REQUESTS_FULL`, `NODE_NAME_INVALID`; EncodeError. After all but an RpcError, the function did not run
   */
  async call<T = unknown>(
    node: string,
    module: string,
    name: string,
    args: readonly unknown[] = [],
    init: CallInit = {},
  ): Promise<T> {
    return (await this.#caller.call(node, functionCall(module, name, args), timeoutOf(init))) as T
  }

  /**
   * Calls a function of several nodes at the same time, and resolves with what each gave, in the order of the nodes. OTP:
   * `erpc:multicall/5`. Rejects only when something is wrong with the call itself: KernelError `OPTION_INVALID`; EncodeError
   */
  async multicall<T = unknown>(
    nodes: readonly string[],
    module: string,
    name: string,
    args: readonly unknown[] = [],
    init: CallInit = {},
  ): Promise<MulticallResult<T>[]> {
    const results = await Promise.allSettled(nodes.map((node) => this.call<T>(node, module, name, args, init)))
    return results.map((result, index): MulticallResult<T> => {
      const node = nodes[index] as string
      if (result.status === 'fulfilled') return { node, status: 'fulfilled', value: result.value }
      // Arguments without a term, or a wrong option, are wrong for every node.
      if (!isOfNode(result.reason)) throw result.reason
      return { node, status: 'rejected', reason: result.reason }
    })
  }

  /**
   * Has a node run a function, and hears nothing of it. OTP: `erpc:cast/4`.
   * @throws RpcError `RPC_STOPPED`, and what {@link call} rejects with besides RpcErrors
   */
  cast(node: string, module: string, name: string, args: readonly unknown[] = []): void {
    this.#caller.cast(node, functionCall(module, name, args))
  }

  /** {@link cast} to several nodes; those before one that cannot be sent to have been sent to. */
  multicast(nodes: readonly string[], module: string, name: string, args: readonly unknown[] = []): void {
    for (const node of nodes) this.cast(node, module, name, args)
  }

  stats(): RpcStats {
    return { callsOut: this.#caller.pending, callsIn: this.#callee.running }
  }

  /** Called when the node leaves: takes no more calls (other nodes get `notsup`, and nothing was done), and waits for functions that run for others. */
  async drain(): Promise<void> {
    this.#endServing()
    await this.#callee.idle()
  }

  /** Takes no more calls (other nodes get `notsup`), waits for functions that run for others, and gives up the calls of this node. */
  async stop(init: RpcStopInit = {}): Promise<void> {
    this.#endDraining()
    this.#endServing()
    await this.#callee.end(init.timeoutMs ?? STOP_MS)
    this.#caller.stop()
  }
}

function isOfNode(error: unknown): error is RpcError | DistributionError {
  return error instanceof RpcError || error instanceof DistributionError
}

function functionCall(module: string, name: string, args: readonly unknown[]): FunctionCall {
  return { module, function: name, args }
}

function timeoutOf({ timeoutMs = TIMEOUT_MS }: CallInit): number {
  if (timeoutMs === Number.POSITIVE_INFINITY || (timeoutMs > 0 && timeoutMs <= TIMEOUT_MS_MAX)) return timeoutMs
  throw new KernelError('OPTION_INVALID', `timeoutMs must be above 0 and at most ${TIMEOUT_MS_MAX}, or Infinity.`)
}

function countOf(name: string, value: number): number {
  if (value >= 1) return value
  throw new KernelError('OPTION_INVALID', `${name} must be a number of at least 1.`)
}
