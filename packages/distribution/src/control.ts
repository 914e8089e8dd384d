import { Atom, atom, Pid, Reference, Tuple } from '@tiebeam/etf'
import { DistributionError } from './errors.ts'
import { hasFlag } from './flags.ts'
import type { Signal } from './signals.ts'

/**
 * Signals as control tuples and back: "Protocol between Connected Nodes" in OTP's Distribution Protocol guide, checked against
 * `erts_net_message` in `dist.c`. This is the general way; the common signals have a faster one in message/.
 */
export const OPERATION = {
  LINK: 1,
  SEND: 2,
  EXIT: 3,
  UNLINK: 4,
  REG_SEND: 6,
  GROUP_LEADER: 7,
  EXIT2: 8,
  SEND_TT: 12,
  EXIT_TT: 13,
  REG_SEND_TT: 16,
  EXIT2_TT: 18,
  MONITOR_P: 19,
  DEMONITOR_P: 20,
  MONITOR_P_EXIT: 21,
  SEND_SENDER: 22,
  SEND_SENDER_TT: 23,
  PAYLOAD_EXIT: 24,
  PAYLOAD_EXIT_TT: 25,
  PAYLOAD_EXIT2: 26,
  PAYLOAD_EXIT2_TT: 27,
  PAYLOAD_MONITOR_P_EXIT: 28,
  SPAWN_REQUEST: 29,
  SPAWN_REQUEST_TT: 30,
  SPAWN_REPLY: 31,
  SPAWN_REPLY_TT: 32,
  ALIAS_SEND: 33,
  ALIAS_SEND_TT: 34,
  UNLINK_ID: 35,
  UNLINK_ID_ACK: 36,
} as const

/** What stands where a cookie or an unused field was: the empty atom. */
const UNUSED: Atom = atom('')

const WITHOUT_PAYLOAD: ReadonlySet<number> = new Set([
  OPERATION.LINK,
  OPERATION.EXIT,
  OPERATION.UNLINK,
  OPERATION.GROUP_LEADER,
  OPERATION.EXIT2,
  OPERATION.EXIT_TT,
  OPERATION.EXIT2_TT,
  OPERATION.MONITOR_P,
  OPERATION.DEMONITOR_P,
  OPERATION.MONITOR_P_EXIT,
  OPERATION.SPAWN_REPLY,
  OPERATION.SPAWN_REPLY_TT,
  OPERATION.UNLINK_ID,
  OPERATION.UNLINK_ID_ACK,
])

/** A control tuple, and the term that followed it, if any. */
export interface ControlMessage {
  readonly control: Tuple
  readonly payload?: unknown
  readonly hasPayload: boolean
}

/**
 * Reads a control message.
 * @throws DistributionError `MESSAGE_MALFORMED`; an operation that is not known is a signal of type `unknown`, not an error
 */
export function toSignal(message: ControlMessage): Signal {
  const fields = new Fields(message.control)
  const operation = fields.operation()
  if (KNOWN.has(operation) && message.hasPayload === WITHOUT_PAYLOAD.has(operation)) {
    throw fields.malformed(message.hasPayload ? 'a payload that it has no use for' : 'no payload')
  }
  return fields.signal(operation, message)
}

const KNOWN: ReadonlySet<number> = new Set(Object.values(OPERATION))

class Fields {
  readonly #elements: readonly unknown[]

  constructor(control: unknown) {
    if (!(control instanceof Tuple)) {
      throw new DistributionError('MESSAGE_MALFORMED', 'The peer sent a control message that is not a tuple.')
    }
    this.#elements = control.elements
  }

  operation(): number {
    const operation = this.#elements[0]
    if (typeof operation === 'number' && Number.isInteger(operation)) return operation
    throw new DistributionError('MESSAGE_MALFORMED', 'The peer sent a control message without an operation.')
  }

  signal(operation: number, message: ControlMessage): Signal {
    const { control, payload } = message
    switch (operation) {
      case OPERATION.LINK:
        return { type: 'link', from: this.pid(1), to: this.pid(2) }
      case OPERATION.SEND:
      case OPERATION.SEND_TT:
        return { type: 'send', from: undefined, to: this.pid(2), message: payload }
      case OPERATION.SEND_SENDER:
      case OPERATION.SEND_SENDER_TT:
        return { type: 'send', from: this.pid(1), to: this.pid(2), message: payload }
      case OPERATION.REG_SEND:
      case OPERATION.REG_SEND_TT:
        return { type: 'sendName', from: this.pid(1), name: this.atom(3).name, message: payload }
      case OPERATION.ALIAS_SEND:
      case OPERATION.ALIAS_SEND_TT:
        return { type: 'sendAlias', from: this.pid(1), alias: this.reference(2), message: payload }
      case OPERATION.EXIT:
        return { type: 'exit', from: this.pid(1), to: this.pid(2), reason: this.term(3) }
      case OPERATION.EXIT_TT:
        return { type: 'exit', from: this.pid(1), to: this.pid(2), reason: this.term(4) }
      case OPERATION.PAYLOAD_EXIT:
      case OPERATION.PAYLOAD_EXIT_TT:
        return { type: 'exit', from: this.pid(1), to: this.pid(2), reason: payload }
      case OPERATION.EXIT2:
        return { type: 'exit2', from: this.pid(1), to: this.pid(2), reason: this.term(3) }
      case OPERATION.EXIT2_TT:
        return { type: 'exit2', from: this.pid(1), to: this.pid(2), reason: this.term(4) }
      case OPERATION.PAYLOAD_EXIT2:
      case OPERATION.PAYLOAD_EXIT2_TT:
        return { type: 'exit2', from: this.pid(1), to: this.pid(2), reason: payload }
      case OPERATION.UNLINK:
        return { type: 'unlink', id: 0n, from: this.pid(1), to: this.pid(2) }
      case OPERATION.UNLINK_ID:
        return { type: 'unlink', id: this.unlinkId(1), from: this.pid(2), to: this.pid(3) }
      case OPERATION.UNLINK_ID_ACK:
        return { type: 'unlinkAck', id: this.unlinkId(1), from: this.pid(2), to: this.pid(3) }
      case OPERATION.GROUP_LEADER:
        return { type: 'groupLeader', from: this.pid(1), to: this.pid(2) }
      case OPERATION.MONITOR_P:
        return { type: 'monitor', from: this.pid(1), to: this.pidOrName(2), reference: this.reference(3) }
      case OPERATION.DEMONITOR_P:
        return { type: 'demonitor', from: this.pid(1), to: this.pidOrName(2), reference: this.reference(3) }
      case OPERATION.MONITOR_P_EXIT:
        return this.#monitorExit(this.term(4))
      case OPERATION.PAYLOAD_MONITOR_P_EXIT:
        return this.#monitorExit(payload)
      case OPERATION.SPAWN_REQUEST:
      case OPERATION.SPAWN_REQUEST_TT:
        return this.#spawnRequest(payload)
      case OPERATION.SPAWN_REPLY:
      case OPERATION.SPAWN_REPLY_TT:
        return this.#spawnReply()
      default:
        return message.hasPayload
          ? { type: 'unknown', operation, control, message: payload }
          : { type: 'unknown', operation, control }
    }
  }

  #monitorExit(reason: unknown): Signal {
    return { type: 'monitorExit', from: this.pidOrName(1), to: this.pid(2), reference: this.reference(3), reason }
  }

  #spawnRequest(args: unknown): Signal {
    const call = this.term(4)
    if (!(call instanceof Tuple) || call.length !== 3) throw this.malformed('no {Module, Function, Arity}')
    const [module, name, arity] = call.elements
    const options = this.term(5)
    if (typeof arity !== 'number' || !Array.isArray(options)) {
      throw this.malformed('an arity or options of the wrong type')
    }
    return {
      type: 'spawnRequest',
      requestId: this.reference(1),
      from: this.pid(2),
      groupLeader: this.pid(3),
      module: this.toAtom(module),
      function: this.toAtom(name),
      arity,
      options,
      args,
    }
  }

  #spawnReply(): Signal {
    const flags = this.term(3)
    if (typeof flags !== 'number') throw this.malformed('flags that are not an integer')
    const result = this.term(4)
    return {
      type: 'spawnReply',
      requestId: this.reference(1),
      to: this.pid(2),
      flags,
      result: result instanceof Pid ? result : this.toAtom(result),
    }
  }

  term(index: number): unknown {
    if (index >= this.#elements.length) throw this.malformed('too few elements')
    return this.#elements[index]
  }

  pid(index: number): Pid {
    const value = this.term(index)
    if (value instanceof Pid) return value
    throw this.malformed(`element ${index} that is not a pid`)
  }

  reference(index: number): Reference {
    const value = this.term(index)
    if (value instanceof Reference) return value
    throw this.malformed(`element ${index} that is not a reference`)
  }

  atom(index: number): Atom {
    return this.toAtom(this.term(index))
  }

  pidOrName(index: number): Pid | string {
    const value = this.term(index)
    return value instanceof Pid ? value : this.toAtom(value).name
  }

  unlinkId(index: number): bigint {
    const value = this.term(index)
    const id = typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
    if (typeof id === 'bigint' && id > 0n && id < 1n << 64n) return id
    throw this.malformed('an unlink id that is not between 1 and 2^64 - 1')
  }

  /** Four atoms arrive as values of JavaScript. */
  toAtom(value: unknown): Atom {
    if (value instanceof Atom) return value
    if (value === null) return atom('nil')
    if (value === undefined || typeof value === 'boolean') return atom(String(value))
    throw this.malformed('another term where an atom was due')
  }

  malformed(what: string): DistributionError {
    return new DistributionError(
      'MESSAGE_MALFORMED',
      `The peer sent a control message (operation ${String(this.#elements[0])}) with ${what}.`,
    )
  }
}

/** The control message of a signal, on a link with these negotiated flags. */
export function toControl(signal: Signal, flags: bigint): ControlMessage {
  switch (signal.type) {
    case 'send':
      return signal.from !== undefined && hasFlag(flags, 'SEND_SENDER')
        ? withPayload([OPERATION.SEND_SENDER, signal.from, signal.to], signal.message)
        : withPayload([OPERATION.SEND, UNUSED, signal.to], signal.message)
    case 'sendName':
      return withPayload([OPERATION.REG_SEND, signal.from, UNUSED, atom(signal.name)], signal.message)
    case 'sendAlias':
      return withPayload([OPERATION.ALIAS_SEND, signal.from, signal.alias], signal.message)
    case 'link':
      return alone([OPERATION.LINK, signal.from, signal.to])
    case 'unlink':
      return hasFlag(flags, 'UNLINK_ID')
        ? alone([OPERATION.UNLINK_ID, integer(signal.id), signal.from, signal.to])
        : alone([OPERATION.UNLINK, signal.from, signal.to])
    case 'unlinkAck':
      return alone([OPERATION.UNLINK_ID_ACK, integer(signal.id), signal.from, signal.to])
    case 'exit':
      return hasFlag(flags, 'EXIT_PAYLOAD')
        ? withPayload([OPERATION.PAYLOAD_EXIT, signal.from, signal.to], signal.reason)
        : alone([OPERATION.EXIT, signal.from, signal.to, signal.reason])
    case 'exit2':
      return hasFlag(flags, 'EXIT_PAYLOAD')
        ? withPayload([OPERATION.PAYLOAD_EXIT2, signal.from, signal.to], signal.reason)
        : alone([OPERATION.EXIT2, signal.from, signal.to, signal.reason])
    case 'monitor':
      return alone([OPERATION.MONITOR_P, signal.from, pidOrAtom(signal.to), signal.reference])
    case 'demonitor':
      return alone([OPERATION.DEMONITOR_P, signal.from, pidOrAtom(signal.to), signal.reference])
    case 'monitorExit': {
      const about = [pidOrAtom(signal.from), signal.to, signal.reference]
      return hasFlag(flags, 'EXIT_PAYLOAD')
        ? withPayload([OPERATION.PAYLOAD_MONITOR_P_EXIT, ...about], signal.reason)
        : alone([OPERATION.MONITOR_P_EXIT, ...about, signal.reason])
    }
    case 'groupLeader':
      return alone([OPERATION.GROUP_LEADER, signal.from, signal.to])
    case 'spawnRequest': {
      const { requestId, from, groupLeader, module, arity, options, args } = signal
      const call = new Tuple([module, signal.function, arity])
      return withPayload([OPERATION.SPAWN_REQUEST, requestId, from, groupLeader, call, options], args)
    }
    case 'spawnReply':
      return alone([OPERATION.SPAWN_REPLY, signal.requestId, signal.to, signal.flags, signal.result])
    case 'unknown':
      throw new DistributionError(
        'OPTION_INVALID',
        `A signal of the unknown operation ${signal.operation} cannot be sent on.`,
      )
  }
}

function alone(elements: readonly unknown[]): ControlMessage {
  return { control: new Tuple(elements), hasPayload: false }
}

function withPayload(elements: readonly unknown[], payload: unknown): ControlMessage {
  return { control: new Tuple(elements), payload, hasPayload: true }
}

function pidOrAtom(value: Pid | string): Pid | Atom {
  return typeof value === 'string' ? atom(value) : value
}

/** A bigint in the safe range would leave as a big; OTP writes such an id as an integer. */
function integer(id: bigint): number | bigint {
  return id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : id
}
