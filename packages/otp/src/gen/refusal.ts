import { type Atom, atom, Tuple, tuple } from '@tiebeam/distribution'

const ERROR: Atom = atom('error')
const DRAINING: Atom = atom('draining')

/**
 * `{error, {draining, Node}}`: what a server replies to calls of other nodes while its node is leaving. Nothing was done, so the caller may ask
 * another server. No term of OTP's; to callers in Erlang and Elixir it is an error as servers reply it by custom.
 */
export function refusalReply(node: string): Tuple {
  return tuple(ERROR, tuple(DRAINING, atom(node)))
}

/** The reason in it, when the reply is such a refusal by this node; a server that passes on what another one replied does not refuse itself. */
export function refusalOf(reply: unknown, node: string): Tuple | undefined {
  if (!(reply instanceof Tuple) || reply.elements.length !== 2 || reply.elements[0] !== ERROR) return undefined
  const why = reply.elements[1]
  if (!(why instanceof Tuple) || why.elements.length !== 2 || why.elements[0] !== DRAINING) return undefined
  return why.elements[1] === atom(node) ? why : undefined
}
