import { atom } from '@tiebeam/distribution'
import { exitReasonOf, type ProgramEnd, type ProgramExit } from './program-end.ts'

export interface LifecycleInit {
  /** How long to wait for readiness; undefined when a program is ready as soon as it is spawned. */
  readonly readyMs: number | undefined
  /** Between SIGTERM and SIGKILL. */
  readonly shutdownMs: number
}

export type TimerName = 'ready' | 'grace' | 'poll' | 'abandon' | 'output'

export type LifecycleEvent =
  | { readonly type: 'spawned' }
  /** A line of output says that the program is ready. */
  | { readonly type: 'ready' }
  /** It is to end in order; the process will end with this reason. */
  | { readonly type: 'stop'; readonly reason: unknown }
  /** It is to end at once. */
  | { readonly type: 'kill' }
  | { readonly type: 'exited'; readonly exit: ProgramExit }
  /** The answer to the effect `checkGroup`. */
  | { readonly type: 'groupChecked'; readonly alive: boolean }
  /** All output is read and delivered. */
  | { readonly type: 'outputEnded' }
  | { readonly type: 'timer'; readonly name: TimerName }

export type LifecycleEffect =
  | { readonly type: 'started' }
  | { readonly type: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly type: 'startTimer'; readonly name: TimerName; readonly ms: number }
  | { readonly type: 'cancelTimer'; readonly name: TimerName }
  /** To look whether the group still has members. */
  | { readonly type: 'checkGroup' }
  /** Nobody needs to watch over the group any more. */
  | { readonly type: 'releaseGuard' }
  /** From now on, do not wait for whoever receives the output. */
  | { readonly type: 'hurryOutput' }
  | { readonly type: 'dropOutput' }
  | { readonly type: 'note'; readonly note: LifecycleNote }
  | { readonly type: 'end'; readonly end: ProgramEnd }

/** What an operator may want to know: SIGTERM was not enough; the program left others behind; SIGKILL was not enough. */
export type LifecycleNote = 'unwilling' | 'leftBehind' | 'unkillable'

/** Pause between two looks at a group whose leader has ended. */
export const POLL_MS = 20
/** After SIGKILL; only what hangs in the kernel, or has ended and finds nobody to reap it, is still there by then. */
export const ABANDON_MS = 1_000
/** For output that is still to be delivered when nothing of the group is left. */
export const OUTPUT_END_MS = 1_000

/** With this reason a program is stopped that is not ready in time. */
export const TIMEOUT = atom('timeout')

/**
 * The life of one program: `starting`, `running`, `stopping` (asked to end), `sweeping` (it has ended, its group perhaps not), `draining`
 * (the group has ended, its output perhaps not), `ended`. Whatever way it goes, it ends with nothing left of the group, or a note
 * that something is.
 */
export class Lifecycle {
  readonly #init: LifecycleInit
  #state: 'starting' | 'running' | 'stopping' | 'sweeping' | 'draining' | 'ended' = 'starting'
  /** The strongest signal that the group has got. */
  #signalled: 'SIGTERM' | 'SIGKILL' | undefined
  #stopReason: { readonly reason: unknown } | undefined
  #exit: ProgramExit | undefined
  #outputEnded = false

  constructor(init: LifecycleInit) {
    this.#init = init
  }

  handle(event: LifecycleEvent): LifecycleEffect[] {
    switch (event.type) {
      case 'spawned':
        if (this.#init.readyMs !== undefined) return [timer('ready', this.#init.readyMs)]
        this.#state = 'running'
        return [{ type: 'started' }]
      case 'ready':
        if (this.#state !== 'starting') return []
        this.#state = 'running'
        return [cancel('ready'), { type: 'started' }]
      case 'stop':
        return this.#stop(event.reason)
      case 'kill':
        return this.#kill()
      case 'exited':
        return this.#exited(event.exit)
      case 'groupChecked':
        return this.#groupChecked(event.alive)
      case 'outputEnded':
        this.#outputEnded = true
        return this.#state === 'draining' ? [cancel('output'), ...this.#end()] : []
      case 'timer':
        return this.#timer(event.name)
    }
  }

  #timer(name: TimerName): LifecycleEffect[] {
    switch (name) {
      case 'ready':
        return this.#state === 'starting' ? this.#stop(TIMEOUT) : []
      case 'grace':
        return this.#hasGroup() ? [note('unwilling'), ...this.#kill()] : []
      case 'poll':
        return this.#state === 'sweeping' ? [{ type: 'checkGroup' }] : []
      case 'abandon':
        return this.#hasGroup() ? [note('unkillable'), ...this.#drain()] : []
      case 'output':
        return this.#state === 'draining' ? [{ type: 'dropOutput' }, ...this.#end()] : []
    }
  }

  #stop(reason: unknown): LifecycleEffect[] {
    if (this.#state !== 'starting' && this.#state !== 'running') {
      return this.#state === 'ended' ? [] : [{ type: 'hurryOutput' }]
    }
    this.#state = 'stopping'
    this.#stopReason = { reason }
    return [cancel('ready'), { type: 'hurryOutput' }, ...this.#terminate()]
  }

  #kill(): LifecycleEffect[] {
    if (!this.#hasGroup() || this.#signalled === 'SIGKILL') return []
    if (this.#state !== 'sweeping') this.#state = 'stopping'
    this.#signalled = 'SIGKILL'
    return [
      cancel('ready'),
      cancel('grace'),
      { type: 'hurryOutput' },
      { type: 'signal', signal: 'SIGKILL' },
      timer('abandon', ABANDON_MS),
    ]
  }

  #exited(exit: ProgramExit): LifecycleEffect[] {
    if (!this.#hasGroup()) return []
    this.#state = 'sweeping'
    this.#exit = exit
    return [cancel('ready'), { type: 'checkGroup' }]
  }

  #groupChecked(alive: boolean): LifecycleEffect[] {
    if (this.#state !== 'sweeping') return []
    if (!alive) return this.#drain()
    const poll = timer('poll', POLL_MS)
    return this.#signalled === undefined ? [note('leftBehind'), ...this.#terminate(), poll] : [poll]
  }

  #terminate(): LifecycleEffect[] {
    this.#signalled = 'SIGTERM'
    return [{ type: 'signal', signal: 'SIGTERM' }, timer('grace', this.#init.shutdownMs)]
  }

  #drain(): LifecycleEffect[] {
    this.#state = 'draining'
    const effects: LifecycleEffect[] = [cancel('grace'), cancel('poll'), cancel('abandon'), { type: 'releaseGuard' }]
    return [...effects, ...(this.#outputEnded ? this.#end() : [timer('output', OUTPUT_END_MS)])]
  }

  #end(): LifecycleEffect[] {
    this.#state = 'ended'
    // Only SIGKILL is waited for no longer than ABANDON_MS, so a program whose exit is not known was killed.
    const exit = this.#exit ?? { status: undefined, signal: 'SIGKILL' }
    const reason = this.#stopReason === undefined ? exitReasonOf(exit) : this.#stopReason.reason
    return [{ type: 'end', end: { ...exit, reason } }]
  }

  #hasGroup(): boolean {
    return this.#state !== 'draining' && this.#state !== 'ended'
  }
}

function timer(name: TimerName, ms: number): LifecycleEffect {
  return { type: 'startTimer', name, ms }
}

function cancel(name: TimerName): LifecycleEffect {
  return { type: 'cancelTimer', name }
}

function note(kind: LifecycleNote): LifecycleEffect {
  return { type: 'note', note: kind }
}
