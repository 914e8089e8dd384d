import { Pid } from '@tiebeam/distribution'
import { type Caller, type CallInit, call, cast, nodeOf, type ServerName } from '../gen/call.ts'
import { unknownCallError } from '../gen/call-error.ts'
import { type StopInit, stopServer } from '../gen/stop-server.ts'
import type { ArgumentsOf, NameOf, ReplyOf, Served } from './handlers.ts'
import { isUnknownCallReply, requestOf } from './requests.ts'

export interface ServerRefInit extends CallInit {
  /** On whose behalf it calls: the node, when not given. A process that gives itself is told when it calls itself. */
  readonly caller?: Caller
}

/** A typed way to a GenServer of this or another node: `Server` is its class, of which only the type is needed. */
export class ServerRef<Server extends Served> {
  readonly name: ServerName
  readonly #caller: Caller
  readonly #init: CallInit

  constructor(caller: Caller, name: ServerName, init: CallInit = {}) {
    this.#caller = caller
    this.name = name
    this.#init = init
  }

  /** The process, as far as it is known on this node: not for a name on another one. */
  get pid(): Pid | undefined {
    const { name } = this
    if (name instanceof Pid) return name
    const node = nodeOf(this.#caller)
    if (typeof name === 'string') return node.whereis(name)
    return name.node === node.name ? node.whereis(name.name) : undefined
  }

  /** The same server, called by another or with another timeout: `counter.with({ timeoutMs: 60_000 }).call('recount')`. */
  with(init: ServerRefInit): ServerRef<Server> {
    return new ServerRef(init.caller ?? this.#caller, this.name, { ...this.#init, ...init })
  }

  /**
   * Calls one of the server's `calls`, and resolves with what that returns.
   * @throws CallError: `NOPROC`, `TIMEOUT`, `NODEDOWN`, `SERVER_EXITED`, `CALLING_SELF`, `UNKNOWN_CALL`, `REPLY_MALFORMED`;
   * DistributionError `OUTPUT_FULL`; EncodeError
   */
  call<Name extends NameOf<Server['calls']>>(
    name: Name,
    ...args: ArgumentsOf<Server['calls'], Name>
  ): Promise<ReplyOf<Server['calls'], Name>> {
    return call(this.#caller, this.name, requestOf(name, args), this.#init).then((reply) => {
      if (isUnknownCallReply(reply)) throw unknownCallError(this.name, name)
      return reply as ReplyOf<Server['calls'], Name>
    })
  }

  /** Casts one of the server's `casts`. Nothing tells whether it arrives. @throws DistributionError `OUTPUT_FULL`; EncodeError */
  cast<Name extends NameOf<Server['casts']>>(name: Name, ...args: ArgumentsOf<Server['casts'], Name>): void {
    cast(this.#caller, this.name, requestOf(name, args))
  }

  /** Any message; it comes to the server's `handleInfo`. @throws DistributionError `OUTPUT_FULL`; EncodeError */
  send(message: unknown): void {
    this.#caller.send(this.name, message)
  }

  /** See {@link stopServer}. */
  stop(init: StopInit = {}): Promise<void> {
    return stopServer(this.#caller, this.name, init)
  }
}

/**
 * A typed way to a server that runs elsewhere: `serverRef<Counter>(node, { name: 'counter', node: 'bar@10.0.0.7' })`. That it is of this
 * class is a promise of yours, like the type of anything that comes over a network.
 */
export function serverRef<Server extends Served>(
  caller: Caller,
  name: ServerName,
  init: CallInit = {},
): ServerRef<Server> {
  return new ServerRef(caller, name, init)
}
