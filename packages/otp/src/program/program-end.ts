import { atom, tuple } from '@tiebeam/distribution'

/** How an operating-system process ended: with a status, or by a signal. */
export interface ProgramExit {
  readonly status: number | undefined
  /** As Node names it: `SIGKILL`. */
  readonly signal: string | undefined
}

/** How a program ended, and with it the process that looked after it. */
export interface ProgramEnd extends ProgramExit {
  /** The exit reason of the process: what it was told to stop with, else what {@link exitReasonOf} makes of status or signal. */
  readonly reason: unknown
}

/**
 * The exit reason for a program that ended by itself. Status 0: `normal`. Other statuses: `{exit_status, Status}`, the words of Erlang's
 * ports. A signal: `{exit_signal, sigkill}`, named as by `os:set_signal/2`; ports report 128 + N, which a program may also mean as a status.
 */
export function exitReasonOf({ status, signal }: ProgramExit): unknown {
  if (signal !== undefined) return tuple(atom('exit_signal'), atom(signal.toLowerCase()))
  return status === 0 ? atom('normal') : tuple(atom('exit_status'), status)
}
