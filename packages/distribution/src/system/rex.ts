import { atom, Pid, Tuple, tuple } from '@tiebeam/etf'
import { type Answer, genCallOf, genReply } from './gen-call.ts'

const FEATURES_REQUEST = atom('features_request')
const FEATURES_REPLY = atom('features_reply')
const NOTSUP = atom('notsup')

/**
 * What the process registered as `rex` answers. `rpc` of OTP asks a node for its features; ours has none, because nothing can be called
 * here. Calls are refused with `{badrpc, notsup}`.
 */
export function answerAsRex(message: unknown, node: string): Answer | undefined {
  if (message instanceof Tuple && message.length === 2 && message.at(1) === FEATURES_REQUEST) {
    const from = message.at(0)
    return from instanceof Pid ? { to: from, message: tuple(FEATURES_REPLY, atom(node), []) } : undefined
  }
  const call = genCallOf(message)
  return call && genReply(call.client, tuple(atom('badrpc'), NOTSUP))
}
