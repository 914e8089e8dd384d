import { inspect } from 'node:util'
import { isPlannedEnd } from '../exit-reasons.ts'
import type { EndCause } from '../supervisor/events.ts'

/** How an application ended. `killed`: its root supervisor was, from outside. */
export type ApplicationEnd = EndCause | { readonly type: 'killed' }

/** 0 when it was stopped, or had nothing more to do; 1 when it failed. */
export function exitCodeOf(end: ApplicationEnd): 0 | 1 {
  switch (end.type) {
    case 'stopped':
      return 0
    case 'significantChildEnded':
      return isPlannedEnd(end.reason) ? 0 : 1
    case 'startFailed':
    case 'gaveUp':
    case 'killed':
      return 1
  }
}

/** For the log. */
export function endFields(end: ApplicationEnd): Readonly<Record<string, unknown>> {
  if (!('childId' in end)) return { cause: end.type }
  return { cause: end.type, child: end.childId, reason: inspect(end.reason) }
}

/** What a shell expects of a process that a signal ended: 128 and the number of the signal. */
export const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const
