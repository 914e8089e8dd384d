import type { FunctionCall, Pid } from '@tiebeam/distribution'
import { KernelError } from '../errors.ts'

/** What an exposed function finds as its `this`. */
export interface CallContext {
  /** The calling process; undefined for `rpc:cast/4` of old nodes. */
  readonly from: Pid | undefined
  /**
   * Aborted when the process that runs the function is ended from outside, for instance because the node stops. A caller that gave up
   * does not end it, as in Erlang.
   */
  readonly signal: AbortSignal
}

/** Takes decoded terms and gives, or resolves with, a value that has a term. */
export type ExposedFunction = (this: CallContext, ...args: never[]) => unknown

/**
 * The functions of one module by name. `total` answers calls with any number of arguments, like any function of JavaScript; `'total/1'`
 * only those with one, and goes before `total`.
 */
export type ExposedModule = Readonly<Record<string, ExposedFunction>>

/** By module, as Erlang names it: a module of Elixir begins with `Elixir.`, such as `Elixir.Orders`. */
export type ExposedModules = Readonly<Record<string, ExposedModule>>

const NAME_CHARACTERS_MAX = 255

/** The functions that other nodes may call. Only own, enumerable properties of what is given count, as they are at that moment. */
export class Exposed {
  readonly #modules = new Map<string, ReadonlyMap<string, ExposedFunction>>()

  /** All or nothing. @throws KernelError `OPTION_INVALID` */
  add(modules: ExposedModules): void {
    const added = Object.entries(modules).map(([name, module]) => [name, this.#functionsOf(name, module)] as const)
    for (const [name, functions] of added) this.#modules.set(name, functions)
  }

  find({ module, function: name, args }: FunctionCall): ExposedFunction | undefined {
    const functions = this.#modules.get(module)
    return functions?.get(`${name}/${args.length}`) ?? functions?.get(name)
  }

  #functionsOf(name: string, module: ExposedModule): ReadonlyMap<string, ExposedFunction> {
    if (name === '' || name.length > NAME_CHARACTERS_MAX) {
      throw invalid(`A module has a name of 1 to ${NAME_CHARACTERS_MAX} characters.`)
    }
    if (this.#modules.has(name))
      throw invalid(`The module ${name} is exposed already; expose all its functions at once.`)
    if (typeof module !== 'object' || module === null)
      throw invalid(`What is exposed as ${name} must be an object of functions.`)
    const functions = Object.entries(module)
    for (const [key, value] of functions) {
      if (typeof value !== 'function') throw invalid(`${name}.${key} is exposed, but is not a function.`)
    }
    return new Map(functions)
  }
}

function invalid(message: string): KernelError {
  return new KernelError('OPTION_INVALID', message)
}
