import { Atom, ExportFun, type FunctionCall } from '@tiebeam/distribution'

/** What a spawn request wants to have run. */
export type Wanted =
  /** `erpc:execute_call(Reference, Module, Function, Args)`: somebody waits for the outcome. */
  | { readonly type: 'call'; readonly reference: unknown; readonly call: FunctionCall | MalformedCall }
  /** `erpc:execute_cast(Module, Function, Args)`, and any other function, run for its effect. */
  | { readonly type: 'cast'; readonly call: FunctionCall | MalformedCall }

/** Arguments of `apply/3` that are not two atoms and a list. */
export interface MalformedCall {
  readonly malformed: readonly unknown[]
}

export function isMalformed(call: FunctionCall | MalformedCall): call is MalformedCall {
  return 'malformed' in call
}

/** Reads a spawn request as `erpc` of OTP makes it. Source: `erpc.erl` of OTP 25. */
export function wantedOf(request: FunctionCall): Wanted {
  const { module, function: name, args } = request
  if (module === 'erpc' && name === 'execute_call' && args.length === 4) {
    return { type: 'call', reference: args[0], call: applied(args.slice(1)) }
  }
  if (module === 'erpc' && name === 'execute_cast' && args.length === 3) return { type: 'cast', call: applied(args) }
  return { type: 'cast', call: appliedFun(request) }
}

function applied(args: readonly unknown[]): FunctionCall | MalformedCall {
  const [module, name] = [nameOf(args[0]), nameOf(args[1])]
  if (module === undefined || name === undefined || !Array.isArray(args[2])) return { malformed: args }
  return appliedFun({ module, function: name, args: args[2] })
}

/** `erpc:call(Node, fun orders:total/0)` comes as a call of `erlang:apply/2`. Other funs than such names cannot be called here. */
function appliedFun(call: FunctionCall): FunctionCall {
  if (call.module !== 'erlang' || call.function !== 'apply' || call.args.length !== 2) return call
  const [fun, args] = call.args
  if (!(fun instanceof ExportFun) || !Array.isArray(args) || args.length !== fun.arity) return call
  return { module: fun.module, function: fun.function, args }
}

/** Four atoms arrive as values of JavaScript. */
function nameOf(value: unknown): string | undefined {
  if (value instanceof Atom) return value.name
  if (value === null) return 'nil'
  if (value === undefined || typeof value === 'boolean') return String(value)
  return undefined
}
