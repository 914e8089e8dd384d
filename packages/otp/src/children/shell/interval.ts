import { setTimeout as sleep } from 'node:timers/promises'
import { type ChildInit, type ChildSpec, childInitOf } from '../../child-spec.ts'
import { invalidOption } from '../../invalid-option.ts'
import { WAIT_MS_MAX } from '../../wait-ms.ts'
import { workerChild } from '../worker.ts'

export interface IntervalInit extends ChildInit {
  /** Runs so long after the start, and after the end of each run: two runs never overlap. */
  readonly everyMs: number
  /** An error that it throws is the reason of the child's end. `signal` is aborted when the child is told to end. */
  readonly run: (signal: AbortSignal) => unknown
}

/** A function that is run again and again, as a child. @throws OtpError `OPTION_INVALID` */
export function intervalChild(init: IntervalInit): ChildSpec {
  const { everyMs, run } = init
  if (!(typeof everyMs === 'number' && everyMs > 0 && everyMs <= WAIT_MS_MAX)) {
    throw invalidOption('everyMs', everyMs, `a number above 0, up to ${WAIT_MS_MAX}`)
  }
  return workerChild({
    ...childInitOf(init),
    run: async ({ signal }) => {
      for (;;) {
        await sleep(everyMs, undefined, { signal })
        await run(signal)
      }
    },
  })
}
