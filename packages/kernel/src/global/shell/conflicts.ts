import { atom, type FunctionCall, Pid, type ServiceHost, Tuple, tuple } from '@tiebeam/distribution'
import { decode, encode } from '@tiebeam/etf'
import type { NameView } from '../name-table.ts'
import { builtInOf, isOwnFunction, type ResolveFunction, resolveBuiltIn } from '../resolve-method.ts'
import type { Settlement, Step } from '../routine.ts'

type Settle = Extract<Step, { type: 'settle' }>

interface OwnFunction {
  readonly name: unknown
  readonly pid: Pid
  readonly resolve: ResolveFunction
}

/** Calls a function of another node, as `rpc:call/4` does. */
export type CallFunction = (node: string, call: FunctionCall) => Promise<unknown>

const NONE = atom('none')
const EXIT = atom('EXIT')
const PURGE_AT = 100

/** Settles conflicts of names by the method with which each was registered. */
export class Conflicts {
  readonly #host: ServiceHost
  readonly #call: CallFunction
  readonly #names: () => NameView
  /** The functions of this program, by key of the process. */
  readonly #own = new Map<string, OwnFunction>()
  #purgeAt = PURGE_AT

  constructor(init: { readonly host: ServiceHost; readonly call: CallFunction; readonly names: () => NameView }) {
    this.#host = init.host
    this.#call = init.call
    this.#names = init.names
  }

  /** This function settles conflicts of the name, as long as the process has it. */
  keep(name: unknown, pid: Pid, resolve: ResolveFunction): void {
    this.#own.set(pid.key, { name, pid, resolve })
    if (this.#own.size < this.#purgeAt) return
    for (const [key, own] of this.#own) if (!this.#names().isRegistered(own.pid)) this.#own.delete(key)
    this.#purgeAt = Math.max(PURGE_AT, 2 * this.#own.size)
  }

  /** On the node of our process, as only that knows what the method means. */
  async settle({ method, name, theirs, ours }: Settle): Promise<Settlement> {
    const { node, logger } = this.#host
    try {
      const args = [method, name, theirs, ours]
      const value =
        ours.node === node.name
          ? await this.resolve(method, name, theirs, ours)
          : await this.#call(ours.node, { module: 'global', function: 'resolve_it', args })
      // A method that fails is as good as one that cannot be called, as for OTP.
      return value instanceof Tuple && value.at(0) === EXIT ? { failed: value } : { value }
    } catch (error) {
      logger.info({ err: error, peer: ours.node }, 'global: the method of a name could not be called there')
      return { failed: error }
    }
  }

  /**
   * What `global:resolve_it/4` gives, when `ours` is a process of this node: the winner, `none`, or `{'EXIT', Reason}` when the method failed.
   */
  async resolve(method: unknown, name: unknown, theirs: Pid, ours: Pid): Promise<unknown> {
    const builtIn = builtInOf(method)
    if (builtIn === undefined) return this.#resolveByOwnFunction(method, name, theirs, ours)
    const { winner, kill, tell } = resolveBuiltIn(builtIn, name, theirs, ours)
    const { node, logger } = this.#host
    if (kill !== undefined) {
      logger.info({ name, pid: String(kill) }, 'global: a name has two processes, one of which is ended')
      node.exit(kill, atom('kill'))
    }
    for (const { to, message } of tell) node.send(to, message)
    return winner ?? NONE
  }

  /** The same, called by another node. */
  resolveFor(method: unknown, name: unknown, theirs: unknown, ours: unknown): Promise<unknown> {
    if (!(theirs instanceof Pid) || !(ours instanceof Pid)) return Promise.resolve(exception('badarg'))
    return this.resolve(method, name, theirs, ours)
  }

  async #resolveByOwnFunction(method: unknown, name: unknown, theirs: Pid, ours: Pid): Promise<unknown> {
    const own = this.#own.get(ours.key)
    if (!isOwnFunction(method) || own === undefined) return exception('undef')
    try {
      const winner = await own.resolve(comfortable(own.name), theirs, ours)
      return winner instanceof Pid ? winner : NONE
    } catch (error) {
      this.#host.logger.error({ err: error, name }, 'global: the function that settles conflicts of a name failed')
      return exception('failed')
    }
  }
}

/** What comes of a `catch` in Erlang. */
function exception(reason: string): unknown {
  return tuple(EXIT, atom(reason))
}

/** Names are kept exactly as they came, for other nodes; this is what a program wants to see. */
export function comfortable(term: unknown): unknown {
  return decode(encode(term))
}
