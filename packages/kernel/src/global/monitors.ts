import type { Pid } from '@tiebeam/distribution'
import type { Emit } from './effects.ts'

/** Gives out numbers for the processes that are to be watched. */
export class Monitors {
  readonly #emit: Emit
  #last = 0

  constructor(emit: Emit) {
    this.#emit = emit
  }

  watch(pid: Pid): number {
    this.#last++
    this.#emit({ type: 'monitor', monitor: this.#last, pid })
    return this.#last
  }

  unwatch(monitor: number): void {
    this.#emit({ type: 'demonitor', monitor })
  }
}
