import { inspect } from 'node:util'
import {
  type ArgumentsOf,
  isUnknownCallReply,
  type NameOf,
  type ReplyOf,
  requestOf,
  type Served,
  unknownCallError,
} from '@tiebeam/otp'
import type { GroupCallInit } from './call-init.ts'

/** What makes a call: `call` of a cluster, or of a router. */
export interface GroupCaller {
  call(group: unknown, request: unknown, init: GroupCallInit): Promise<unknown>
}

/** A typed way to the members of a group that are GenServers of one class: `Server` is that class, of which only the type is needed. */
export class GroupRef<Server extends Served> {
  readonly group: unknown
  readonly #caller: GroupCaller
  readonly #init: GroupCallInit

  constructor(caller: GroupCaller, group: unknown, init: GroupCallInit = {}) {
    this.group = group
    this.#caller = caller
    this.#init = init
  }

  /** The same group, called in another way: `carts.with({ key: user }).call('add', 'tea')`. */
  with(init: GroupCallInit): GroupRef<Server> {
    return new GroupRef(this.#caller, this.group, { ...this.#init, ...init })
  }

  /** Calls one of the `calls` of a member. @throws as `cluster.call`; and CallError `UNKNOWN_CALL` when the member has no such call */
  async call<Name extends NameOf<Server['calls']>>(
    name: Name,
    ...args: ArgumentsOf<Server['calls'], Name>
  ): Promise<ReplyOf<Server['calls'], Name>> {
    const reply = await this.#caller.call(this.group, requestOf(name, args), this.#init)
    if (isUnknownCallReply(reply)) throw unknownCallError(`A member of the group ${inspect(this.group)}`, name)
    return reply as ReplyOf<Server['calls'], Name>
  }
}
