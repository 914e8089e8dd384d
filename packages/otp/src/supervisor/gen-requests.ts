import { Atom, atom, Pid, Tuple, tuple } from '@tiebeam/distribution'
import type { Answer, ChildInfo, Operation, Refusal } from './events.ts'
import { startReasonOf } from './start-reason.ts'

/**
 * How OTP's and Elixir's functions ask a supervisor (stdlib 4.2, `supervisor:handle_call/3`; Elixir 1.14, `DynamicSupervisor`), and what
 * they want to hear.
 */
export type GenRequest =
  | { readonly type: 'operation'; readonly operation: Operation }
  /** What only a BEAM node could do, such as to call a start function by module and name. */
  | { readonly type: 'unsupported' }
  | { readonly type: 'unknown' }

const ERROR = atom('error')
const OK = atom('ok')
const UNDEFINED = atom('undefined')
const RESTARTING = atom('restarting')
export const NOTSUP: Tuple = tuple(ERROR, atom('notsup'))

export function genRequestOf(request: unknown): GenRequest {
  if (request instanceof Atom) {
    if (request.name === 'which_children') return { type: 'operation', operation: { type: 'whichChildren' } }
    if (request.name === 'count_children') return { type: 'operation', operation: { type: 'countChildren' } }
    return { type: 'unknown' }
  }
  if (!(request instanceof Tuple) || request.length !== 2 || !(request.at(0) instanceof Atom))
    return { type: 'unknown' }
  const child = childOf(request.at(1))
  switch ((request.at(0) as Atom).name) {
    case 'terminate_child':
      return { type: 'operation', operation: { type: 'terminateChild', child } }
    case 'restart_child':
      return { type: 'operation', operation: { type: 'restartChild', child } }
    case 'delete_child':
      return { type: 'operation', operation: { type: 'deleteChild', child } }
    case 'start_child':
    case 'get_childspec':
      return { type: 'unsupported' }
    default:
      return { type: 'unknown' }
  }
}

/** The term with which a supervisor of OTP would answer. */
export function termOf(answer: Answer, dynamic: boolean): unknown {
  switch (answer.type) {
    case 'done':
      return OK
    case 'started':
      return tuple(OK, answer.pid)
    case 'children':
      // OTP lists what was started last first.
      return answer.children.map((child) => childTerm(child, dynamic)).reverse()
    case 'counts':
      return Object.entries(answer.counts).map(([name, count]) => tuple(atom(name), count))
    case 'refused':
      return tuple(ERROR, refusalTerm(answer.refusal))
  }
}

function childTerm({ id, status, pid, type }: ChildInfo, dynamic: boolean): Tuple {
  return tuple(dynamic ? UNDEFINED : id, status === 'restarting' ? RESTARTING : (pid ?? UNDEFINED), atom(type), [])
}

function refusalTerm(refusal: Refusal): unknown {
  switch (refusal.type) {
    case 'startFailed':
      return startReasonOf(refusal.error)
    case 'alreadyStarted':
      return tuple(atom('already_started'), refusal.pid)
    case 'alreadyPresent':
      return atom('already_present')
    case 'notFound':
      return atom('not_found')
    case 'running':
      return atom('running')
    case 'restarting':
      return RESTARTING
    case 'significant':
      return atom('bad_combination')
    case 'childrenMax':
      return atom('max_children')
    case 'dynamic':
      return atom('simple_one_for_one')
    case 'busy':
      return atom('busy')
    case 'stopping':
      return atom('shutdown')
  }
}

/** Ids are strings here; who asks from a BEAM node may write them as atoms, too. */
function childOf(term: unknown): string | Pid {
  if (term instanceof Pid || typeof term === 'string') return term
  if (term instanceof Atom) return term.name
  // A binary, if the node decodes text as bytes; no id is empty, so anything else names no child.
  return term instanceof Uint8Array ? new TextDecoder().decode(term) : ''
}
