import { Atom, atom, tuple } from '@tiebeam/etf'
import type { FunctionCall } from '../calls.ts'
import type { ServedFunction } from '../node-service.ts'
import { ExitReason, reasonOf } from '../process/notices.ts'
import type { Behaviour } from '../process/process.ts'

const RETURN = atom('return')
const EXIT = atom('exit')

/**
 * Functions of services that OTP nodes call on every node by `erpc:call/4` and `rpc:call/4`, whatever the application lets others call. The
 * process of a call tells the outcome by the reason with which it ends: `execute_call/4` in `erpc.erl` of OTP 25.
 */
export class ServiceFunctions {
  readonly #functions = new Map<string, ServedFunction>()

  add(served: ServedFunction): void {
    this.#functions.set(keyOf(served.module, served.function, served.arity), served)
  }

  /** What a process runs that was started for a call of one of them; `undefined` for everything else. */
  behaviourFor({ module, function: name, args }: FunctionCall): Behaviour | undefined {
    if (this.#functions.size === 0 || module !== 'erpc' || name !== 'execute_call' || args.length !== 4)
      return undefined
    const [reference, calledModule, calledName, calledArgs] = args
    if (!(calledModule instanceof Atom) || !(calledName instanceof Atom) || !Array.isArray(calledArgs)) return undefined
    const served = this.#functions.get(keyOf(calledModule.name, calledName.name, calledArgs.length))
    if (served === undefined) return undefined
    return async () => {
      const outcome = await Promise.resolve(calledArgs)
        .then(served.call)
        .then(
          (value) => tuple(reference, RETURN, value),
          (error) => tuple(reference, EXIT, reasonOf(error)),
        )
      throw new ExitReason(outcome)
    }
  }
}

function keyOf(module: string, name: string, arity: number): string {
  return `${module}:${name}/${arity}`
}
