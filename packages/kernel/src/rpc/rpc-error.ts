import { Atom, atom, Tuple } from '@tiebeam/distribution'
import { KernelError, type KernelErrorCode } from '../errors.ts'

/**
 * Why a remote call gave no result.
 *
 * | code | what happened |
 * |---|---|
 * | `RPC_EXCEPTION` | the function failed (class `error`) |
 * | `RPC_UNDEF` | the node has no such function, or does not expose it |
 * | `RPC_THROWN` | the function threw a value (class `throw`) |
 * | `RPC_EXIT` | the function ended its process with a reason of its own (class `exit`) |
 * | `RPC_SIGNAL` | the process that ran the function was ended from outside (class `exit`) |
 * | `RPC_TIMEOUT` | no answer came in time; whether the function ran, or still runs, is not known |
 * | `RPC_NODE_DOWN` | the node cannot be reached, or the connection to it was lost; whether the function ran is not known |
 * | `RPC_NOTSUP` | nothing can be called on the node |
 * | `RPC_REFUSED` | the node did not start the function; `reason` says why, mostly `system_limit` |
 * | `RPC_CALLS_FULL` | too many calls of this node are under way; the function did not run |
 * | `RPC_STOPPED` | `stop()` was called here, on the `Rpc` or its node |
 */
export type RpcErrorCode = Extract<KernelErrorCode, `RPC_${string}`>

/** Where in the code of the other node an exception was raised. */
export interface StackFrame {
  readonly module: string
  readonly function: string
  readonly arity: number
  /** The arguments of the call, when the other node tells them. */
  readonly args?: readonly unknown[]
  readonly file?: string
  readonly line?: number
}

export interface RpcErrorInit {
  readonly node: string
  readonly class?: 'error' | 'exit' | 'throw'
  readonly reason?: unknown
  readonly remoteStack?: readonly StackFrame[]
  readonly cause?: unknown
}

/** A remote call failed. */
export class RpcError extends KernelError {
  override readonly name = 'RpcError'
  declare readonly code: RpcErrorCode
  /** The node that was called. */
  readonly node: string
  /** The class of the exception in Erlang, if there was one: `error` for failures, `exit` and `throw` for what is raised on purpose. */
  readonly class: 'error' | 'exit' | 'throw' | undefined
  /** The term that was raised, thrown or exited with. */
  readonly reason: unknown
  /** Where it was raised, innermost first; empty when that is not known. (`stack` is that of this error, in this program.) */
  readonly remoteStack: readonly StackFrame[]

  constructor(code: RpcErrorCode, message: string, init: RpcErrorInit) {
    super(code, message, init.cause === undefined ? {} : { cause: init.cause })
    this.node = init.node
    this.class = init.class
    this.reason = init.reason
    this.remoteStack = init.remoteStack ?? []
  }
}

const FILE = atom('file')
const LINE = atom('line')

/** Reads a stack trace of Erlang; frames of funs, and what is none, are left out. */
export function stackFramesOf(stack: unknown): StackFrame[] {
  if (!Array.isArray(stack)) return []
  return stack.flatMap((each) => frameOf(each) ?? [])
}

function frameOf(frame: unknown): StackFrame | undefined {
  if (!(frame instanceof Tuple) || frame.length < 3) return undefined
  const [module, name, arityOrArgs, location] = frame.elements
  const args = Array.isArray(arityOrArgs) ? arityOrArgs : undefined
  const arity = args === undefined ? arityOrArgs : args.length
  if (!(module instanceof Atom) || !(name instanceof Atom) || typeof arity !== 'number') return undefined
  const file = textOf(propertyOf(location, FILE))
  const line = propertyOf(location, LINE)
  return {
    module: module.name,
    function: name.name,
    arity,
    ...(args !== undefined && { args }),
    ...(file !== undefined && { file }),
    ...(typeof line === 'number' && { line }),
  }
}

function propertyOf(list: unknown, key: Atom): unknown {
  if (!Array.isArray(list)) return undefined
  const property = list.find((each) => each instanceof Tuple && each.length === 2 && each.at(0) === key)
  return property?.at(1)
}

/** A string of Erlang is a list of its characters. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value) || !value.every((each) => Number.isInteger(each) && each >= 0 && each <= 0x10_ffff)) {
    return undefined
  }
  return String.fromCodePoint(...value)
}
