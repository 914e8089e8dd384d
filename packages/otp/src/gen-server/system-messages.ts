import { atom, type Pid, Tuple, tuple } from '@tiebeam/distribution'

/** What `sys` of OTP may know of a server. */
export interface ServerView {
  readonly pid: Pid
  readonly parent: Pid | undefined
  readonly module: string
  readonly suspended: boolean
  /** The state as it may be shown. */
  readonly state: () => unknown
}

export interface SystemAnswer {
  readonly reply: unknown
  /** What the server does after it has replied. */
  readonly next:
    | { readonly type: 'run' }
    | { readonly type: 'suspend' }
    | { readonly type: 'stop'; readonly reason: unknown }
}

const OK = atom('ok')
const ERROR = atom('error')

/** What a server answers to OTP's tools (`sys:get_state/1`, `get_status/1`, `suspend/1`, `resume/1`, `terminate/2` …): `do_cmd` of `sys.erl`. */
export function answerSystemRequest(request: unknown, view: ServerView): SystemAnswer {
  const stay = view.suspended ? 'suspend' : 'run'
  if (request === atom('suspend')) return { reply: OK, next: { type: 'suspend' } }
  if (request === atom('resume')) return { reply: OK, next: { type: 'run' } }
  if (request === atom('get_state')) return { reply: shown(view), next: { type: stay } }
  if (request === atom('get_status')) return { reply: statusOf(view), next: { type: stay } }
  if (request instanceof Tuple && request.length === 2) {
    const [command, argument] = request.elements
    if (command === atom('terminate')) return { reply: OK, next: { type: 'stop', reason: argument } }
    if (command === atom('debug')) return { reply: atom('unknown_debug'), next: { type: stay } }
  }
  return { reply: tuple(ERROR, tuple(atom('unknown_system_msg'), request)), next: { type: stay } }
}

/** The form in which `sys` and `observer` read the status of a `gen_server`; its texts are lists of characters. */
function statusOf(view: ServerView): Tuple {
  const { pid, parent, module, suspended } = view
  const state = atom(suspended ? 'suspended' : 'running')
  const about = [
    tuple(chars('Status'), state),
    tuple(chars('Parent'), parent ?? pid),
    tuple(chars('Logged events'), []),
  ]
  const status = [
    tuple(atom('header'), chars(`Status for generic server ${module}`)),
    tuple(atom('data'), about),
    tuple(atom('data'), [tuple(chars('State'), shown(view))]),
  ]
  return tuple(atom('status'), pid, tuple(atom('module'), atom(module)), [[], state, parent ?? pid, [], status])
}

function shown({ state }: ServerView): unknown {
  try {
    return state()
  } catch (error) {
    return tuple(ERROR, tuple(atom('callback_failed'), String(error)))
  }
}

function chars(text: string): number[] {
  return [...text].map((character) => character.codePointAt(0) as number)
}
