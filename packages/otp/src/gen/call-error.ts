import { inspect } from 'node:util'
import { atom, type Down, type MonitorTarget, tuple } from '@tiebeam/distribution'
import { type CallErrorCode, OtpError } from '../errors.ts'

/** A call that was not replied to. */
export class CallError extends OtpError {
  override readonly name = 'CallError'
  declare readonly code: CallErrorCode
  /** Whom it was made to. */
  readonly server: MonitorTarget
  /** What `gen_server:call/3` of OTP exits with in this case: `noproc`, `timeout`, `{nodedown, Node}`, or what the server ended with. */
  readonly reason: unknown

  constructor(
    code: CallErrorCode,
    message: string,
    init: { readonly server: MonitorTarget; readonly reason: unknown },
  ) {
    super(code, message)
    this.server = init.server
    this.reason = init.reason
  }
}

const NOPROC = atom('noproc')
const NOCONNECTION = atom('noconnection')

/** What became of a call whose server ended, was not there, or could not be reached. */
export function downError(server: MonitorTarget, { target, reason }: Down): CallError {
  if (reason === NOPROC) {
    return new CallError('NOPROC', `There is no process ${nameOf(server)}.`, { server, reason })
  }
  if (reason === NOCONNECTION) {
    const text = `The node ${target.node} cannot be reached, or was lost before ${nameOf(server)} replied.`
    return new CallError('NODEDOWN', text, { server, reason: tuple(atom('nodedown'), atom(target.node)) })
  }
  const text = `${nameOf(server)} ended before it replied, with reason ${inspect(reason, { depth: 4 })}.`
  return new CallError('SERVER_EXITED', text, { server, reason })
}

export function timeoutError(server: MonitorTarget, timeoutMs: number): CallError {
  const text = `${nameOf(server)} did not reply within ${timeoutMs} ms. It may still do what it was asked.`
  return new CallError('TIMEOUT', text, { server, reason: atom('timeout') })
}

export function callingSelfError(server: MonitorTarget): CallError {
  const text = `${nameOf(server)} called itself: it cannot reply while it waits for the reply. Call the method, or cast.`
  return new CallError('CALLING_SELF', text, { server, reason: atom('calling_self') })
}

export function drainingError(server: MonitorTarget, reason: unknown): CallError {
  const text = `The node of ${nameOf(server)} is leaving, and takes no more calls. Nothing was done: ask another server.`
  return new CallError('DRAINING', text, { server, reason })
}

export function malformedReplyError(server: MonitorTarget, reply: unknown): CallError {
  const text = `${nameOf(server)} answered with something that is no reply: ${inspect(reply, { depth: 2 }).slice(0, 200)}.`
  return new CallError('REPLY_MALFORMED', text, { server, reason: tuple(atom('bad_reply'), reply) })
}

export function unknownCallError(server: MonitorTarget, name: string): CallError {
  const text = `${nameOf(server)} knows no call ${name}, or not with these arguments. Is it of another version?`
  return new CallError('UNKNOWN_CALL', text, { server, reason: tuple(atom('unknown_call'), name) })
}

function nameOf(server: MonitorTarget): string {
  if (typeof server === 'string') return server
  return 'name' in server ? `${server.name} on ${server.node}` : String(server)
}
