import { inspect } from 'node:util'
import { atom, ExitReason, type FunctionCall, type Tuple, tuple } from '@tiebeam/distribution'

/** How a function ended, in the terms of Erlang. */
export type Outcome =
  | { readonly type: 'return'; readonly value: unknown }
  | { readonly type: 'throw'; readonly value: unknown }
  | { readonly type: 'exit'; readonly reason: unknown }
  | { readonly type: 'error'; readonly reason: unknown; readonly stack: readonly unknown[] }
  /** Refused before it ran. */
  | { readonly type: 'limit' }

/** Thrown by an exposed function, arrives at an Erlang caller as `throw(Value)`: `erpc:call/4` throws it, `rpc:call/4` returns it. */
export class Thrown extends Error {
  override readonly name = 'Thrown'
  readonly value: unknown

  constructor(value: unknown) {
    super(`thrown: ${inspect(value)}`)
    this.value = value
  }
}

const RETURN = atom('return')
const THROW = atom('throw')
const EXIT = atom('exit')
const ERROR = atom('error')
const ERPC = atom('erpc')
const BADRPC = atom('badrpc')
const EXIT_TAG = atom('EXIT')
const NOCATCH = atom('nocatch')
const UNDEF = atom('undef')
const BADARG = atom('badarg')
const NORMAL = atom('normal')
const SYSTEM_LIMIT = atom('system_limit')
const JAVASCRIPT = atom('javascript')
const NO_LOCATION: readonly unknown[] = []

/**
 * What a function threw. An `ExitReason` is an exit, a {@link Thrown} a throw. An Error is an error with the reason
 * `{javascript, Name, Message}`, anything else one with `{nocatch, Value}`; as the stack, the caller sees the function that it called.
 */
export function thrownOutcome(thrown: unknown, call: FunctionCall): Outcome {
  if (thrown instanceof ExitReason) return { type: 'exit', reason: thrown.reason }
  if (thrown instanceof Thrown) return { type: 'throw', value: thrown.value }
  const reason =
    thrown instanceof Error
      ? tuple(JAVASCRIPT, thrown.name.toWellFormed(), thrown.message.toWellFormed())
      : tuple(NOCATCH, thrown)
  return { type: 'error', reason, stack: [frame(call, call.args.length)] }
}

/** What a call of a function gives that does not exist. */
export function undefOutcome(call: FunctionCall): Outcome {
  return { type: 'error', reason: UNDEF, stack: [frame(call, call.args)] }
}

/** What `erlang:apply(Module, Function, Args)` gives when they are not two atoms and a list. */
export function badApplyOutcome(args: readonly unknown[]): Outcome {
  return {
    type: 'error',
    reason: BADARG,
    stack: [frame({ module: 'erlang', function: 'apply' }, args)],
  }
}

/** The reason with which a process ends that runs `erpc:execute_call/4`: the caller monitors it, and reads the outcome from it. */
export function asErpcReason(outcome: Outcome, reference: unknown): Tuple {
  switch (outcome.type) {
    case 'return':
      return tuple(reference, RETURN, outcome.value)
    case 'throw':
      return tuple(reference, THROW, outcome.value)
    case 'exit':
      return tuple(reference, EXIT, outcome.reason)
    case 'error':
      return tuple(reference, ERROR, outcome.reason, outcome.stack)
    case 'limit':
      return tuple(reference, ERROR, tuple(ERPC, SYSTEM_LIMIT))
  }
}

/** What `rpc` of OTP answers by way of `rex`. */
export function asRpcReply(outcome: Outcome): unknown {
  switch (outcome.type) {
    case 'return':
    case 'throw':
      return outcome.value
    case 'exit':
      return badRpc(outcome.reason)
    case 'error':
      return badRpc(tuple(outcome.reason, outcome.stack))
    case 'limit':
      return badRpc(SYSTEM_LIMIT)
  }
}

/** The reason with which a process ends whose function nobody waits for. */
export function asExitReason(outcome: Outcome): unknown {
  switch (outcome.type) {
    case 'return':
      return NORMAL
    case 'throw':
      return tuple(tuple(NOCATCH, outcome.value), NO_LOCATION)
    case 'exit':
      return outcome.reason
    case 'error':
      return tuple(outcome.reason, outcome.stack)
    case 'limit':
      return SYSTEM_LIMIT
  }
}

function badRpc(reason: unknown): Tuple {
  return tuple(BADRPC, tuple(EXIT_TAG, reason))
}

function frame(
  call: { readonly module: string; readonly function: string },
  arity: number | readonly unknown[],
): Tuple {
  return tuple(atom(call.module), atom(call.function), arity, NO_LOCATION)
}
