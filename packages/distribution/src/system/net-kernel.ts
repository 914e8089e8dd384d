import { atom, type Pid, type Reference, Tuple, tuple } from '@tiebeam/etf'
import { type Answer, genCall, genCallOf, genReply } from './gen-call.ts'

const IS_AUTH = atom('is_auth')
const YES = atom('yes')

/**
 * What the process registered as `net_kernel` answers. `net_adm:ping/1` asks `{is_auth, Node}`, and takes any other answer than
 * `yes`, or none, for a reason to disconnect.
 */
export function answerAsNetKernel(message: unknown): Answer | undefined {
  const call = genCallOf(message)
  if (call === undefined) return undefined
  const { client, request } = call
  if (request instanceof Tuple && request.length === 2 && request.at(0) === IS_AUTH) return genReply(client, YES)
  return genReply(client, tuple(atom('error'), atom('notsup')))
}

/** What the caller of `is_auth` expects. */
export function isAuthRequest(from: Pid, alias: Reference, node: string): Tuple {
  return genCall(from, alias, tuple(IS_AUTH, atom(node)))
}

export function isAuthGranted(message: unknown): boolean {
  return message instanceof Tuple && message.length === 2 && message.at(1) === YES
}
