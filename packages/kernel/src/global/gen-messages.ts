import { atom, ImproperList, Pid, Reference, Tuple, tuple } from '@tiebeam/distribution'

const GEN_CALL = atom('$gen_call')
const GEN_CAST = atom('$gen_cast')
const ALIAS = atom('alias')

/** Who waits for the answer to a gen call. */
export interface GenCaller {
  readonly pid: Pid
  /** Echoed as it came. */
  readonly tag: unknown
}

export interface GenCall {
  readonly caller: GenCaller
  readonly request: unknown
}

export function genCall(caller: GenCaller, request: unknown): Tuple {
  return tuple(GEN_CALL, tuple(caller.pid, caller.tag), request)
}

export function genCast(message: unknown): Tuple {
  return tuple(GEN_CAST, message)
}

/** A tag by which the answer comes to an alias, and not to the caller's pid. */
export function aliasTag(alias: Reference): ImproperList {
  return new ImproperList([ALIAS], alias)
}

export function readGenCall(message: unknown): GenCall | undefined {
  if (!(message instanceof Tuple) || message.length !== 3 || message.at(0) !== GEN_CALL) return undefined
  const caller = readGenCaller(message.at(1))
  return caller && { caller, request: message.at(2) }
}

export function readGenCaller(term: unknown): GenCaller | undefined {
  if (!(term instanceof Tuple) || term.length !== 2) return undefined
  const pid = term.at(0)
  return pid instanceof Pid ? { pid, tag: term.at(1) } : undefined
}

/** What was cast; `undefined` when the message is no cast. */
export function readGenCast(message: unknown): { readonly message: unknown } | undefined {
  if (!(message instanceof Tuple) || message.length !== 2 || message.at(0) !== GEN_CAST) return undefined
  return { message: message.at(1) }
}

/** The answer to a call: to the alias in its tag, when it has one, as `gen:reply/2` of OTP 25 and later sends it. */
export function genReply({ pid, tag }: GenCaller, reply: unknown): { to: Pid | Reference; message: Tuple } {
  return { to: aliasIn(tag) ?? (Array.isArray(tag) ? aliasIn(tag[0]) : undefined) ?? pid, message: tuple(tag, reply) }
}

function aliasIn(tag: unknown): Reference | undefined {
  if (!(tag instanceof ImproperList)) return undefined
  if (tag.elements.length === 1 && tag.elements[0] === ALIAS && tag.tail instanceof Reference) return tag.tail
  return aliasIn(tag.elements[0])
}
