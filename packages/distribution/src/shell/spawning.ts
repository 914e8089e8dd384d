import { Atom, atom, type Pid, type Reference, tuple } from '@tiebeam/etf'
import type { CallServer, FunctionCall } from '../calls.ts'
import { DistributionError } from '../errors.ts'
import { ExitReason, SpawnReply } from '../process/notices.ts'
import type { Behaviour, SpawnRequestInit } from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'
import type { RelationEffect, Relations } from '../process/relations.ts'
import { type SpawnOptions, spawnOptionsOf } from '../process/spawn-options.ts'
import {
  SPAWNED_LINK,
  SPAWNED_MONITOR,
  type SpawnEffect,
  type SpawnReplies,
  SpawnRequests,
} from '../process/spawn-requests.ts'
import type { SpawnReplySignal, SpawnRequestSignal } from '../signals.ts'
import type { Outlet } from './router.ts'
import { ServiceFunctions } from './service-functions.ts'

export interface SpawningInit {
  /** Of the own node. */
  readonly name: string
  readonly requestsMax: number
  readonly outlet: Outlet
  readonly table: ProcessTable
  readonly relations: Relations
  readonly carryOut: (effects: RelationEffect[]) => void
  /** Starts a process, whose function runs only after this turn. */
  readonly start: (behaviour: Behaviour) => Pid
  /** Of the node itself. */
  readonly pid: () => Pid
  /** Where processes that others start for us write to. */
  readonly groupLeader: () => Pid
}

const NOTSUP = atom('notsup')
const BADOPT = atom('badopt')
const LINK = atom('link')
const MONITOR = atom('monitor')

/** Processes that one node starts on another: the requests of peers, served by a {@link CallServer}, and those of our processes. */
export class Spawning {
  readonly #init: SpawningInit
  readonly #requests: SpawnRequests
  readonly functions = new ServiceFunctions()
  #server: CallServer | undefined

  constructor(init: SpawningInit) {
    this.#init = init
    this.#requests = new SpawnRequests({ requestsMax: init.requestsMax })
  }

  /** Who runs what others ask for; when undefined, nothing is run. */
  get server(): CallServer | undefined {
    return this.#server
  }

  /** @returns what ends it again @throws DistributionError `OPTION_INVALID` when there is one already */
  serve(server: CallServer): () => void {
    if (this.#server !== undefined) {
      throw new DistributionError('OPTION_INVALID', 'Remote calls are served already; a node has one server for them.')
    }
    this.#server = server
    return () => {
      if (this.#server === server) this.stopServing()
    }
  }

  stopServing(): void {
    this.#server = undefined
  }

  /** Requests of ours that wait for their answer. */
  get pending(): number {
    return this.#requests.size
  }

  /** A peer wants a process. Link and monitor stand before the answer, and that before anything else the process does. */
  requested(signal: SpawnRequestSignal): void {
    const { requestId, from } = signal
    const options = spawnOptionsOf(signal.options)
    const behaviour = options === undefined ? BADOPT : this.#behaviourFor(signal)
    if (options === undefined || behaviour instanceof Atom) {
      this.#reply(this.#init.pid(), signal, 0, behaviour as Atom)
      return
    }
    const { relations, carryOut } = this.#init
    const pid = this.#init.start(behaviour)
    if (options.link) carryOut(relations.linked({ type: 'link', from, to: pid }))
    if (options.monitor) carryOut(relations.monitored({ type: 'monitor', from, to: pid, reference: requestId }))
    this.#reply(pid, signal, flagsOf(options), pid)
  }

  /**
   * A process of ours wants one on a node.
   * @throws DistributionError `SPAWN_REQUESTS_FULL`, `OUTPUT_FULL`, `MESSAGE_TOO_LARGE`, `NODE_NAME_INVALID`; EncodeError
   */
  request(from: Pid, node: string, call: FunctionCall, init: SpawnRequestInit): Reference {
    const { table } = this.#init
    const requestId = table.nextReference()
    const link = init.link ?? false
    const monitor = init.monitor ?? false
    const replies = init.replies ?? 'all'
    if (node === this.#init.name) {
      this.#startHere(from, requestId, call, { link, monitor, replies })
    } else {
      this.#requests.add({ requestId, from, node, link, monitor, replies })
      try {
        this.#send(from, node, requestId, call, { link, monitor })
      } catch (error) {
        this.#requests.abandon(from, requestId)
        throw error
      }
    }
    return requestId
  }

  replied(node: string, signal: SpawnReplySignal): void {
    for (const effect of this.#requests.replied(node, signal)) this.#carryOut(effect)
  }

  abandon(from: Pid, requestId: Reference): boolean {
    return this.#requests.abandon(from, requestId)
  }

  disconnected(node: string): void {
    for (const effect of this.#requests.disconnected(node)) this.#carryOut(effect)
  }

  ended(pid: Pid, reason: unknown): void {
    this.#requests.ended(pid, reason)
  }

  #behaviourFor({ module, function: name, args, from }: SpawnRequestSignal): Behaviour | Atom {
    if (Array.isArray(args)) {
      const request = { module: module.name, function: name.name, args, from }
      return this.functions.behaviourFor(request) ?? this.#server?.spawn(request) ?? NOTSUP
    }
    if (this.#server === undefined) return NOTSUP
    // Arguments that are no proper list: in OTP the new process fails to apply the function to them.
    const frame = tuple(atom('erlang'), atom('apply'), [module, name, args], [])
    return () => {
      throw new ExitReason(tuple(atom('badarg'), [frame]))
    }
  }

  #send(from: Pid, node: string, requestId: Reference, call: FunctionCall, { link, monitor }: SpawnOptions): void {
    this.#init.outlet.message(node, from, {
      type: 'spawnRequest',
      requestId,
      from,
      groupLeader: this.#init.groupLeader(),
      module: atom(call.module),
      function: atom(call.function),
      arity: call.args.length,
      options: [...(monitor ? [MONITOR] : []), ...(link ? [LINK] : [])],
      args: call.args,
    })
  }

  #startHere(
    from: Pid,
    requestId: Reference,
    call: FunctionCall,
    { link, monitor, replies }: SpawnOptions & { readonly replies: SpawnReplies },
  ): void {
    const { relations, carryOut } = this.#init
    const behaviour = this.#server?.spawn({ ...call, from }) ?? NOTSUP
    const result = behaviour instanceof Atom ? behaviour : this.#init.start(behaviour)
    if (!(result instanceof Atom)) {
      if (link) carryOut(relations.link(from, result))
      if (monitor) carryOut(relations.monitor(from, result, requestId))
    }
    if (replies === 'all' || replies === (result instanceof Atom ? 'errors' : 'successes')) {
      this.#carryOut({ type: 'reply', to: from, requestId, result })
    }
  }

  #reply(sender: Pid, { requestId, from }: SpawnRequestSignal, flags: number, result: Pid | Atom): void {
    this.#init.outlet.signal(from.node, sender, { type: 'spawnReply', requestId, to: from, flags, result })
  }

  #carryOut(effect: SpawnEffect): void {
    const { outlet, relations, table } = this.#init
    switch (effect.type) {
      case 'related': {
        const { from, requestId, link, monitor } = effect.pending
        relations.spawned(from, effect.pid, { link, monitor: monitor ? requestId : undefined })
        return
      }
      case 'reply':
        table.find(effect.to)?.deliver(new SpawnReply(effect.requestId, effect.result))
        return
      case 'demonitor': {
        const { from, to, requestId } = effect
        outlet.signal(to.node, from, { type: 'demonitor', from, to, reference: requestId })
        return
      }
      case 'exit': {
        const { from, to, reason } = effect
        outlet.signal(to.node, from, { type: 'exit', from, to, reason })
        return
      }
    }
  }
}

function flagsOf({ link, monitor }: SpawnOptions): number {
  return (link ? SPAWNED_LINK : 0) | (monitor ? SPAWNED_MONITOR : 0)
}
