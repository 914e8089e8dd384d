import { atom, keyOf, Pid, type ServiceHost, tuple } from '@tiebeam/distribution'
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
export type CallFunction = (node: string, module: string, name: string, args: readonly unknown[]) => Promise<unknown>

const NONE = atom('none')

/** Settles conflicts of names by the method with which each was registered. */
export class Conflicts {
  readonly #host: ServiceHost
  readonly #call: CallFunction
  readonly #names: () => NameView
  /** The functions of this program, by key of the name. */
  readonly #own = new Map<string, OwnFunction>()
  #purgeAt = 100

  constructor(init: { readonly host: ServiceHost; readonly call: CallFunction; readonly names: () => NameView }) {
    this.#host = init.host
    this.#call = init.call
    this.#names = init.names
  }

  /** This function settles conflicts of the name, as long as the process has it. */
  keep(name: unknown, pid: Pid, resolve: ResolveFunction): void {
    this.#own.set(keyOf(name), { name, pid, resolve })
    if (this.#own.size < this.#purgeAt) return
    for (const [key, own] of this.#own) if (!this.#names().find(own.name)?.pid.equals(own.pid)) this.#own.delete(key)
    this.#purgeAt = Math.max(100, 2 * this.#own.size)
  }

  /** On the node of our process, as only that knows what the method means. */
  async settle({ method, name, theirs, ours }: Settle): Promise<Settlement> {
    if (ours.node === this.#host.node.name) return { value: await this.resolve(method, name, theirs, ours) }
    try {
      return { value: await this.#call(ours.node, 'global', 'resolve_it', [method, name, theirs, ours]) }
    } catch (error) {
      this.#host.logger.info({ err: error, peer: ours.node }, 'global: a conflict could not be settled there')
      return { failed: error }
    }
  }

  /**
   * What `global:resolve_it/4` gives, when `ours` is a process of this node: the winner, `none`, or something else, which counts as `none`.
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

  async #resolveByOwnFunction(method: unknown, name: unknown, theirs: Pid, ours: Pid): Promise<unknown> {
    const own = this.#own.get(keyOf(name))
    if (!isOwnFunction(method) || own === undefined || !own.pid.equals(ours)) return exception('undef')
    try {
      const winner = await own.resolve(comfortable(name), theirs, ours)
      return winner instanceof Pid ? winner : NONE
    } catch (error) {
      this.#host.logger.error({ err: error, name }, 'global: the function that settles conflicts of a name failed')
      return exception('failed')
    }
  }
}

/** What comes of a `catch` in Erlang. */
function exception(reason: string): unknown {
  return tuple(atom('EXIT'), atom(reason))
}

/** Names are kept exactly as they came, for other nodes; this is what a program wants to see. */
export function comfortable(term: unknown): unknown {
  return decode(encode(term))
}
