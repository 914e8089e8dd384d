import { atom, ImproperList, Pid, Reference, Tuple, tuple } from '@tiebeam/etf'

/**
 * The protocol of OTP's `gen` module (OTP 25), by which `gen_server`, `gen_statem`, `gen_event`, `supervisor` and `sys` are called. A call is
 * `{'$gen_call', {Pid, Tag}, Request}`, its answer `{Tag, Reply}`; a cast is `{'$gen_cast', Request}`.
 */

/** A message that answers another. */
export interface Answer {
  readonly to: Pid | Reference
  readonly message: unknown
}

/** Whom to answer: `From` of `handle_call/3`. */
export interface GenClient {
  /** Who asks. */
  readonly pid: Pid
  /** An alias in an improper list (`[alias | Reference]`), a reference, or any other term. It is echoed as it came. */
  readonly tag: unknown
}

export interface GenCall {
  readonly client: GenClient
  readonly request: unknown
}

export interface GenCast {
  readonly request: unknown
}

const GEN_CALL = atom('$gen_call')
const GEN_CAST = atom('$gen_cast')
const ALIAS = atom('alias')

/** `{Label, {Pid, Tag}, Request}`. Undefined for anything else, and so for a call that nobody could be answered. */
export function genCallOf(message: unknown, label: unknown = GEN_CALL): GenCall | undefined {
  if (!(message instanceof Tuple)) return undefined
  const { elements } = message
  if (elements.length !== 3 || elements[0] !== label) return undefined
  const client = elements[1]
  if (!(client instanceof Tuple) || client.elements.length !== 2) return undefined
  const [pid, tag] = client.elements
  return pid instanceof Pid ? { client: { pid, tag }, request: elements[2] } : undefined
}

export function genCastOf(message: unknown): GenCast | undefined {
  if (!(message instanceof Tuple)) return undefined
  const { elements } = message
  return elements.length === 2 && elements[0] === GEN_CAST ? { request: elements[1] } : undefined
}

/** The reply to a call; by the alias when the tag has one, as `gen:reply/2` does. */
export function genReply({ pid, tag }: GenClient, reply: unknown): Answer {
  return { to: replyAliasOf(tag) ?? pid, message: new Tuple([tag, reply]) }
}

/**
 * A call of the process `pid` that is to be answered by this alias. Servers of OTP 24 and later answer by the alias, older ones by the pid;
 * either way with the tag.
 */
export function genCall(pid: Pid, alias: Reference, request: unknown, label: unknown = GEN_CALL): Tuple {
  return new Tuple([label, new Tuple([pid, new ImproperList([ALIAS], alias)]), request])
}

export function genCast(request: unknown): Tuple {
  return tuple(GEN_CAST, request)
}

/** The reference that a reply names, `{Reference, _}` or `{[alias | Reference], _}`: that of the request which it answers. */
export function repliedReference(message: unknown): Reference | undefined {
  if (!(message instanceof Tuple) || message.elements.length !== 2) return undefined
  const tag = message.elements[0]
  return tag instanceof Reference ? tag : aliasOf(tag)
}

/** `[alias | Reference]` itself, or as the first element of a list: the tag of a call that is one of several. */
function replyAliasOf(tag: unknown): Reference | undefined {
  if (tag instanceof ImproperList) return aliasOf(tag) ?? aliasOf(tag.elements[0])
  return Array.isArray(tag) ? aliasOf(tag[0]) : undefined
}

function aliasOf(tag: unknown): Reference | undefined {
  if (!(tag instanceof ImproperList) || tag.elements.length !== 1 || tag.elements[0] !== ALIAS) return undefined
  return tag.tail instanceof Reference ? tag.tail : undefined
}
