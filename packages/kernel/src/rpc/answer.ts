import { inspect } from 'node:util'
import { Atom, atom, type FunctionCall, type Reference, Tuple } from '@tiebeam/distribution'
import { RpcError, type RpcErrorCode, type RpcErrorInit, stackFramesOf } from './rpc-error.ts'

/** A call that was made, as far as its answer must be understood. */
export interface OutboundCall {
  readonly node: string
  readonly call: FunctionCall
}

export type Answer =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'error'; readonly error: RpcError }

const RETURN = atom('return')
const THROW = atom('throw')
const EXIT = atom('exit')
const ERROR = atom('error')
const ERPC = atom('erpc')
const UNDEF = atom('undef')
const NOTSUP = atom('notsup')
const NOCONNECTION = atom('noconnection')

/**
 * Reads the reason with which the process of a call ended; `reference` is what the call carried. Source: `result/4` in `erpc.erl` of OTP 25.
 */
export function answerOf(reason: unknown, reference: Reference, made: OutboundCall): Answer {
  if (reason === NOCONNECTION) return failed(nodeDown(made))
  if (reason instanceof Tuple && reason.length >= 3 && reference.equals(reason.at(0))) {
    const [, kind, value, stack] = reason.elements
    if (reason.length === 3 && kind === RETURN) return { type: 'value', value }
    if (reason.length === 3 && kind === THROW) {
      return failed(rpcError('RPC_THROWN', `threw ${shown(value)}.`, made, { class: 'throw', reason: value }))
    }
    if (reason.length === 3 && kind === EXIT) {
      return failed(rpcError('RPC_EXIT', `exited with ${shown(value)}.`, made, { class: 'exit', reason: value }))
    }
    if (reason.length === 4 && kind === ERROR) return failed(exception(value, stack, made))
    if (reason.length === 3 && kind === ERROR && isErpcError(value)) return failed(refusal(value.at(1), made))
  }
  const text = `was ended from outside with reason ${shown(reason)}.`
  return failed(rpcError('RPC_SIGNAL', text, made, { class: 'exit', reason }))
}

/** The node did not start the process. */
export function refusal(reason: unknown, made: OutboundCall): RpcError {
  if (reason === NOCONNECTION) return nodeDown(made)
  if (reason === NOTSUP) {
    const text = `cannot be called: the node runs nothing for others. On a Tiebeam node, start an Rpc that exposes it.`
    return rpcError('RPC_NOTSUP', text, made, { reason })
  }
  return rpcError('RPC_REFUSED', `was not started: ${shown(reason)}.`, made, { reason })
}

function nodeDown(made: OutboundCall, cause?: unknown): RpcError {
  const text = `got no answer: ${made.node} cannot be reached, or the connection to it was lost.`
  return rpcError('RPC_NODE_DOWN', text, made, { reason: NOCONNECTION, cause })
}

export function timedOut(made: OutboundCall, timeoutMs: number): RpcError {
  return rpcError('RPC_TIMEOUT', `got no answer within ${timeoutMs} ms. It may have run, or still run.`, made)
}

/** `what` completes a sentence that begins with the function and its node. */
export function rpcError(
  code: RpcErrorCode,
  what: string,
  { node, call }: OutboundCall,
  init: Omit<RpcErrorInit, 'node'> = {},
): RpcError {
  return new RpcError(code, `${call.module}:${call.function}/${call.args.length} on ${node} ${what}`, { node, ...init })
}

function exception(reason: unknown, stack: unknown, made: OutboundCall): RpcError {
  const init = { class: 'error', reason, remoteStack: stackFramesOf(stack) } as const
  const [first] = init.remoteStack
  const { module, function: name, args } = made.call
  const isThis = first?.module === module && first.function === name && first.arity === args.length
  if (reason === UNDEF && isThis) {
    const text = 'does not exist there, or is not exposed. Check the names and the number of arguments.'
    return rpcError('RPC_UNDEF', text, made, init)
  }
  const place = first === undefined ? '' : ` in ${first.module}:${first.function}/${first.arity}`
  return rpcError('RPC_EXCEPTION', `failed with ${shown(reason)}${place}.`, made, init)
}

function isErpcError(value: unknown): value is Tuple {
  return value instanceof Tuple && value.length === 2 && value.at(0) === ERPC
}

function failed(error: RpcError): Answer {
  return { type: 'error', error }
}

function shown(term: unknown): string {
  return term instanceof Atom
    ? term.name
    : inspect(term, { depth: 3, breakLength: Number.POSITIVE_INFINITY }).slice(0, 500)
}
