import {
  type Destination,
  DistributionError,
  Down,
  genCall,
  genCast,
  type MonitorTarget,
  Node,
  type Pid,
  type Process,
  Tuple,
} from '@tiebeam/distribution'
import { callingSelfError, downError, drainingError, malformedReplyError, timeoutError } from './call-error.ts'
import { refusalOf } from './refusal.ts'

/** Who calls: a process, or the node on behalf of code that is no process, such as an HTTP handler. */
export type Caller = Process | Node

/** A server: its pid, its name on the own node, or its name on any node. */
export type ServerName = MonitorTarget

export interface CallInit {
  /** How long to wait for the reply; `Infinity`: for ever. Default 5,000, as in OTP. */
  readonly timeoutMs?: number
}

const CALL_MS = 5_000

/**
 * Calls a server of any kind that speaks OTP's `gen` protocol: `gen_server:call/3`. Rejects as soon as it is known that there will be no
 * reply; a reply that comes after the timeout is dropped.
 * @param label what stands first in the message; `$gen_call` by default, `system` for what the module `sys` asks
 * @throws {@link CallError}; DistributionError `OUTPUT_FULL`, `NODE_NAME_INVALID`, `PROCESS_EXITED`; EncodeError
 */
export function call(
  caller: Caller,
  server: ServerName,
  request: unknown,
  init: CallInit = {},
  label?: unknown,
): Promise<unknown> {
  if (pidOnOwnNode(caller, server)?.equals(caller.pid) === true) return Promise.reject(callingSelfError(server))
  const timeoutMs = init.timeoutMs ?? CALL_MS
  return caller
    .ask(server, (alias) => genCall(caller.pid, alias, request, label), { timeoutMs })
    .then(
      (answer) => {
        if (answer instanceof Tuple && answer.elements.length === 2) {
          const reply = answer.elements[1]
          const refusal = refusalOf(reply, nodeNameOf(caller, server))
          if (refusal === undefined) return reply
          throw drainingError(server, refusal)
        }
        throw answer instanceof Down ? downError(server, answer) : malformedReplyError(server, answer)
      },
      (error: unknown) => {
        throw isTimeout(error) ? timeoutError(server, timeoutMs) : error
      },
    )
}

/**
 * Sends a request that is not replied to: `gen_server:cast/2`. Nothing tells whether it arrives; a server that is not there gets nothing.
 * @throws DistributionError `OUTPUT_FULL`, `NODE_NAME_INVALID`, `PROCESS_EXITED`; EncodeError
 */
export function cast(caller: Caller, server: ServerName, request: unknown): void {
  caller.send(addressOf(caller, server), genCast(request))
}

/** Where to send to. To a bare name that nobody has, sending is an error; here it is nothing. */
export function addressOf(caller: Caller, server: ServerName): Destination {
  return typeof server === 'string' ? { name: server, node: nodeOf(caller).name } : server
}

function nodeNameOf(caller: Caller, server: ServerName): string {
  return typeof server === 'string' ? nodeOf(caller).name : server.node
}

export function nodeOf(caller: Caller): Node {
  return caller instanceof Node ? caller : caller.node
}

function pidOnOwnNode(caller: Caller, server: ServerName): Pid | undefined {
  if (typeof server === 'string') return nodeOf(caller).whereis(server)
  if (!('name' in server)) return server
  const node = nodeOf(caller)
  return server.node === node.name ? node.whereis(server.name) : undefined
}

export function isTimeout(error: unknown): boolean {
  return error instanceof DistributionError && error.code === 'RECEIVE_TIMEOUT'
}
