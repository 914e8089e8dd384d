import { Atom, atom, Tuple, tuple } from '@tiebeam/distribution'
import type { Handler, Handlers } from './handlers.ts'

/**
 * How the named calls and casts of a GenServer look on the wire: those of `get()` are the atom `get`, those of `add(5)` the tuple
 * `{add, 5}`, as servers in Erlang and Elixir have them by custom.
 */
export function requestOf(name: string, args: readonly unknown[]): unknown {
  return args.length === 0 ? atom(name) : new Tuple([atom(name), ...args])
}

const NO_ARGUMENTS: readonly never[] = []

/** Finds the handler of a request; a peer reaches what is in the table and nothing else. */
export class RequestTable {
  readonly #handlers = new Map<Atom, Handler>()

  constructor(handlers: Handlers) {
    for (const [name, handler] of Object.entries(handlers)) this.#handlers.set(atom(name), handler)
  }

  /** Undefined when there is no handler of this name, or one that needs more arguments than there are. */
  handlerOf(request: unknown): Handler | undefined {
    if (request instanceof Atom) return fitting(this.#handlers.get(request), 0)
    if (!(request instanceof Tuple)) return undefined
    const { elements } = request
    return fitting(this.#handlers.get(elements[0] as Atom), elements.length - 1)
  }
}

export function argumentsOf(request: unknown): readonly never[] {
  return request instanceof Tuple ? (request.elements.slice(1) as never[]) : NO_ARGUMENTS
}

function fitting(handler: Handler | undefined, args: number): Handler | undefined {
  return handler !== undefined && handler.length <= args ? handler : undefined
}

const ERROR = atom('error')
const UNKNOWN_CALL = atom('unknown_call')

/** `{error, {unknown_call, Request}}`: what a GenServer replies to a call that nothing handles, as `sys` does to a request that it does not know. */
export function unknownCallReply(request: unknown): Tuple {
  return tuple(ERROR, tuple(UNKNOWN_CALL, request))
}

export function isUnknownCallReply(reply: unknown): boolean {
  if (!(reply instanceof Tuple) || reply.elements.length !== 2 || reply.elements[0] !== ERROR) return false
  const why = reply.elements[1]
  return why instanceof Tuple && why.elements.length === 2 && why.elements[0] === UNKNOWN_CALL
}
