import { atom, ImproperList, Pid, Reference, Tuple, tuple } from '@tiebeam/etf'

/** An answer that a system process gives. */
export interface Answer {
  readonly to: Pid | Reference
  readonly message: unknown
}

/** A gen call, `{'$gen_call', {Pid, Tag}, Request}`, as `gen:call/4` of OTP sends it. */
export interface GenCall {
  readonly from: Pid
  /** An alias in an improper list (`[alias | Reference]`), or a reference. It is echoed as it came. */
  readonly tag: unknown
  readonly request: unknown
}

export function genCallOf(message: unknown): GenCall | undefined {
  if (!(message instanceof Tuple) || message.length !== 3 || message.at(0) !== GEN_CALL) return undefined
  const [, client, request] = message.elements
  if (!(client instanceof Tuple) || client.length !== 2) return undefined
  const from = client.at(0)
  return from instanceof Pid ? { from, tag: client.at(1), request } : undefined
}

/** The reply to a gen call; by the alias when the tag has one, as `gen:reply/2` does. */
export function genReply({ from, tag }: GenCall, reply: unknown): Answer {
  return { to: aliasOf(tag) ?? from, message: tuple(tag, reply) }
}

const GEN_CALL = atom('$gen_call')
const ALIAS = atom('alias')
const IS_AUTH = atom('is_auth')
const YES = atom('yes')

/**
 * What the process registered as `net_kernel` answers. `net_adm:ping/1` asks `{is_auth, Node}`, and takes any other answer than
 * `yes`, or none, for a reason to disconnect.
 */
export function answerAsNetKernel(message: unknown): Answer | undefined {
  const call = genCallOf(message)
  if (call === undefined) return undefined
  const { request } = call
  if (request instanceof Tuple && request.length === 2 && request.at(0) === IS_AUTH) return genReply(call, YES)
  return genReply(call, tuple(atom('error'), atom('notsup')))
}

/** What the caller of `is_auth` expects. */
export function isAuthRequest(from: Pid, tag: unknown, node: string): Tuple {
  return tuple(GEN_CALL, tuple(from, tag), tuple(IS_AUTH, atom(node)))
}

export function isAuthGranted(message: unknown): boolean {
  return message instanceof Tuple && message.length === 2 && message.at(1) === YES
}

function aliasOf(tag: unknown): Reference | undefined {
  if (!(tag instanceof ImproperList) || tag.elements.length !== 1 || tag.elements[0] !== ALIAS) return undefined
  return tag.tail instanceof Reference ? tag.tail : undefined
}
