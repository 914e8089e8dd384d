import { Atom, atom, Pid, Tuple, tuple } from '@tiebeam/etf'
import type { FunctionCall } from '../calls.ts'
import { type Answer, genCallOf, genCastOf, genReply } from './gen-call.ts'

/** What reaches the process registered as `rex`: that of `rpc` in OTP. Source: `rpc.erl` of OTP 25. */
export type RexRequest =
  /** What can be called here? */
  | { readonly type: 'features'; readonly from: Pid }
  /** `rpc:block_call/4`, `rpc:call/4` of nodes before OTP 25, and calls of C nodes. */
  | {
      readonly type: 'call'
      readonly call: FunctionCall
      readonly from: Pid
      readonly answer: (reply: unknown) => Answer
    }
  /** `rpc:cast/4` of nodes before OTP 25. */
  | { readonly type: 'cast'; readonly call: FunctionCall }
  /** `rpc:sbcast/3`: the message goes to a name, and the sender learns that it is registered. */
  | { readonly type: 'broadcast'; readonly from: Pid; readonly name: string; readonly message: unknown }
  /** The message goes to a name, which is to answer it. */
  | { readonly type: 'send'; readonly from: Pid; readonly name: string; readonly message: unknown }

const REX = atom('rex')
const FEATURES_REQUEST = atom('features_request')
const FEATURES_REPLY = atom('features_reply')
const CALL = atom('call')
const BLOCK_CALL = atom('block_call')
const CAST = atom('cast')
const SBCAST = atom('sbcast')
const SEND = atom('send')
const NONEXISTING_NAME = atom('nonexisting_name')

/** What nodes have that serve calls by spawn requests. */
export const ERPC_FEATURE = atom('erpc')
/** The answer to a call where nothing can be called. */
export const CALL_NOT_SUPPORTED = tuple(atom('badrpc'), atom('notsup'))

/** `undefined` for what OTP leaves unanswered as well. */
export function rexRequestOf(message: unknown): RexRequest | undefined {
  const genCall = genCallOf(message)
  if (genCall !== undefined) {
    const call = callOf(genCall.request, CALL) ?? callOf(genCall.request, BLOCK_CALL)
    return call && { type: 'call', call, from: genCall.client.pid, answer: (reply) => genReply(genCall.client, reply) }
  }
  const genCast = genCastOf(message)
  if (genCast !== undefined) {
    const call = callOf(genCast.request, CAST)
    return call && { type: 'cast', call }
  }
  if (!(message instanceof Tuple) || message.length !== 2) return undefined
  const [from, request] = message.elements
  if (!(from instanceof Pid)) return undefined
  if (request === FEATURES_REQUEST) return { type: 'features', from }
  const call = callOf(request, CALL)
  if (call !== undefined) {
    return { type: 'call', call, from, answer: (reply) => ({ to: from, message: tuple(REX, reply) }) }
  }
  return messageRequestOf(from, request)
}

export function featuresReply(to: Pid, node: string, features: readonly Atom[]): Answer {
  return { to, message: tuple(FEATURES_REPLY, atom(node), features) }
}

/** Tells the sender of a broadcast that it reached its name, or that there is none. */
export function broadcastReply(to: Pid, node: string, missingName?: string): Answer {
  const result = missingName === undefined ? atom(node) : tuple(NONEXISTING_NAME, atom(missingName))
  return { to, message: tuple(REX, atom(node), result) }
}

function messageRequestOf(from: Pid, request: unknown): RexRequest | undefined {
  if (!(request instanceof Tuple) || request.length !== 3) return undefined
  const [kind, name, message] = request.elements
  if (!(name instanceof Atom)) return undefined
  if (kind === SBCAST) return { type: 'broadcast', from, name: name.name, message }
  if (kind === SEND) return { type: 'send', from, name: name.name, message: tuple(from, message) }
  return undefined
}

/** `{Kind, Module, Function, Args, GroupLeader}`. */
function callOf(request: unknown, kind: Atom): FunctionCall | undefined {
  if (!(request instanceof Tuple) || request.length !== 5 || request.at(0) !== kind) return undefined
  const [, module, name, args] = request.elements
  if (!(module instanceof Atom) || !(name instanceof Atom) || !Array.isArray(args)) return undefined
  return { module: module.name, function: name.name, args }
}
