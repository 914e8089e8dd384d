// biome-ignore-all lint/complexity/noThisInStatic: `this` is the class that is started, which inherits these methods
import assert from 'node:assert/strict'
import type { Logger, Node, Process, SpawnInit } from '@tiebeam/distribution'
import { type ChildInit, type ChildSpec, childInitOf, type StartContext } from '../child-spec.ts'
import { NORMAL } from '../exit-reasons.ts'
import type { From, Handlers, Later } from './handlers.ts'
import { unknownCallReply } from './requests.ts'
import { ServerLoop } from './server-loop.ts'
import { ServerRef } from './server-ref.ts'
import { startServer } from './start-server.ts'

/** The class of a GenServer. */
export type GenServerClass<Server extends GenServer> = new () => Server

export interface GenServerInit<Server extends GenServer> extends SpawnInit {
  /** What `init` is given. */
  readonly args: Parameters<Server['init']>
  /** A server that is not initialised by then is ended. Default `Infinity`, as in OTP. */
  readonly timeoutMs?: number
  /** Where it logs. Default: where its supervisor logs; without one, where its node does. */
  readonly logger?: Logger
}

export type GenServerChildInit<Server extends GenServer> = GenServerInit<Server> &
  Omit<ChildInit, 'id'> & {
    /** Default: the name under which it is registered, else that of the class. */
    readonly id?: string
  }

/** `args` may be left out where `init` needs none, and then all of it. */
type Given<Init extends { readonly args: readonly unknown[] }> = [] extends Init['args']
  ? [init?: Omit<Init, 'args'> & Partial<Pick<Init, 'args'>>]
  : [init: Init]

/**
 * A server: a process with a state, which answers calls one after the other. Give it `calls` and `casts`, keep its state in private
 * fields, and start it with `Counter.start(node, …)`. What callers get is a {@link ServerRef}; nobody but its process has the object.
 *
 * Handlers may be async. The next message is taken when the handler is done, so a handler always finds the state as the one before left it;
 * to serve others meanwhile, use {@link later}. What a handler throws ends the server, as in OTP.
 */
export abstract class GenServer {
  /**
   * What can be called, by name. `add(5)` is the call `{add, 5}` for Erlang and Elixir, and `get()` is `get`. What a handler returns is the
   * reply. Callers in TypeScript take their types from here.
   */
  readonly calls: Handlers = {}
  /** What can be cast, in the same form. */
  readonly casts: Handlers = {}
  #loop: ServerLoop | undefined

  /** Starts a server that is linked to nobody. @throws StartError; DistributionError `NAME_TAKEN`, `NODE_STOPPED` */
  static async start<Server extends GenServer>(
    this: GenServerClass<Server>,
    node: Node,
    ...init: Given<GenServerInit<Server>>
  ): Promise<ServerRef<Server>> {
    const pid = await startServer(node, GenServer.#startOf(this, undefined, init[0]))
    return new ServerRef(node, pid)
  }

  /**
   * Starts a server that is linked to `parent`: they end together. When a server with `trapExit` is told by its parent to end, it still
   * terminates. @throws StartError; DistributionError `NAME_TAKEN`, `PROCESS_EXITED`
   */
  static async startLink<Server extends GenServer>(
    this: GenServerClass<Server>,
    parent: Process,
    ...init: Given<GenServerInit<Server>>
  ): Promise<ServerRef<Server>> {
    const pid = await startServer(parent, GenServer.#startOf(this, parent, init[0]))
    return new ServerRef(parent.node, pid)
  }

  /** The server as the child of a supervisor. */
  static child<Server extends GenServer>(
    this: GenServerClass<Server>,
    ...[init]: Given<GenServerChildInit<Server>>
  ): ChildSpec {
    return {
      ...childInitOf({ ...init, id: init?.id ?? init?.name ?? this.name }),
      start: (parent, context) => startServer(parent, GenServer.#startOf(this, parent, init, context)),
    }
  }

  static #startOf<Server extends GenServer>(
    Class: GenServerClass<Server>,
    parent: Process | undefined,
    init: Partial<GenServerInit<Server>> = {},
    context?: StartContext,
  ) {
    const { args = [], timeoutMs = Number.POSITIVE_INFINITY, logger = context?.logger } = init
    return {
      title: Class.name || 'A GenServer',
      spawn: init,
      timeoutMs,
      signal: context?.signal,
      initialise: async (self: Process) => {
        const server: GenServer = new Class()
        const loop = new ServerLoop({ self, server, parent: parent?.pid, logger: logger ?? self.node.logger })
        server.#loop = loop
        await server.init(...(args as never[]))
        return () => loop.run()
      },
    }
  }

  /** Prepares the server; whoever starts it waits until this is done. What it throws is why the start failed. */
  init(..._args: never[]): unknown {
    return undefined
  }

  /**
   * Any call that is not in `calls`. Returns the reply, or `noReply` when it has kept `from`. Unless overridden, and for what an override
   * passes on to it, the reply is `{error, {unknown_call, Request}}`, and the first such call is logged.
   */
  handleCall(request: unknown, from: From): unknown {
    this.#running.logOnce('call', { request, client: String(from.pid) }, 'a call that nothing handles')
    return unknownCallReply(request)
  }

  /** Any cast that is not in `casts`. Unless overridden, the first is logged. */
  handleCast(request: unknown): unknown {
    this.#running.logOnce('cast', { request }, 'a cast that nothing handles')
    return undefined
  }

  /** Any other message, among them `Down` and `Exit`. Unless overridden, the first is logged. */
  handleInfo(message: unknown): unknown {
    this.#running.logOnce('message', { message }, 'a message that nothing handles')
    return undefined
  }

  /** Nothing came for as long as {@link idle} said. */
  handleTimeout(): unknown {
    return undefined
  }

  /**
   * The last that the server does: when it stops itself or is stopped, when a handler threw (`error` is what it threw), and, with `trapExit`,
   * when its parent tells it to end. Not when it is ended from outside, by a link or `kill`.
   */
  terminate(_reason: unknown, _error?: unknown): unknown {
    return undefined
  }

  /** What OTP's `sys:get_state` and `observer` show. Unless overridden, nothing. */
  describeState(): unknown {
    return undefined
  }

  /** The process of this server. */
  protected get self(): Process {
    return this.#running.self
  }

  /**
   * For a handler of a call that replies later, or never: `return this.later((from) => waiting.push(from))`, and one day
   * `this.reply(from, value)`. The server goes on with the next message. The caller's timeout runs.
   */
  protected later<Reply>(keep: (from: From<Reply>) => void): Later<Reply> {
    return this.#running.later((from) => keep(from as From<Reply>))
  }

  /** Replies to a call, at any time. A caller that has given up or has ended does not notice, nor that of a server that has. @throws EncodeError */
  protected reply<Reply>(from: From<Reply>, reply: NoInfer<Reply>): void {
    this.#running.reply(from as From, reply)
  }

  /**
   * Ends the server once the present handler is done; at once, if none is running. The reply to the handler's call is sent when `terminate`
   * is done. Default reason `normal`.
   */
  protected stop(reason: unknown = NORMAL): void {
    this.#running.stop(reason)
  }

  /**
   * Does this step after the present handler, before the next message: so `init` can return early, and nobody is served too early. From a
   * timer or another callback, does it as soon as no handler is running: never in the middle of one. What it throws ends the server.
   */
  protected continueWith(step: () => unknown): void {
    this.#running.afterwards(step)
  }

  /** Calls `handleTimeout` when no message comes within so many milliseconds after the present handler. Each message ends it. */
  protected idle(idleMs: number): void {
    this.#running.idleMs = idleMs
  }

  get #running(): ServerLoop {
    assert(this.#loop !== undefined, 'A GenServer is started with `start`; its constructor cannot use its process.')
    return this.#loop
  }
}
