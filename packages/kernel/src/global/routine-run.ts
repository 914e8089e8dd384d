import type { Pid } from '@tiebeam/distribution'
import type { GlobalEvent } from './effects.ts'
import type { LockerMessage } from './locker.ts'
import { NO_MESSAGE, type Replies, type Routine, type Settlement, type Step } from './routine.ts'
import type { Cast } from './vocabulary.ts'

/** What a routine's steps need of the world. */
export interface RoutineHost {
  ask(step: Extract<Step, { type: 'ask' }>, onReplies: (replies: Replies) => void): void
  settle(step: Extract<Step, { type: 'settle' }>, onSettled: (settlement: Settlement) => void): void
  /** Calls back once, after so many milliseconds; gives what calls it off. */
  after(delayMs: number, fire: () => void): () => void
  cast(cast: Cast): void
  send(to: Pid, message: unknown): void
  report(event: GlobalEvent): void
}

/** Messages that wait for the locker; what lockers of other nodes say beyond that is dropped, as if it were lost. */
const WAITING_MAX = 10_000

export interface RoutineOutcome<Result> {
  readonly onDone: (result: Result) => void
  /** What the routine threw. */
  readonly onFailed: (error: unknown) => void
}

/** One routine under way: carries out its steps, and resumes it with what comes of them. */
export class RoutineRun<Result> {
  readonly #routine: Routine<Result>
  readonly #host: RoutineHost
  readonly #outcome: RoutineOutcome<Result>
  readonly #messages: LockerMessage[] = []
  #receiving: { readonly isWanted: (message: LockerMessage) => boolean; readonly callOff: () => void } | undefined
  #stopped = false

  constructor(routine: Routine<Result>, host: RoutineHost, outcome: RoutineOutcome<Result>) {
    this.#routine = routine
    this.#host = host
    this.#outcome = outcome
  }

  start(): void {
    this.#resume(undefined)
  }

  /** It goes no step further. */
  stop(): void {
    this.#stopped = true
    this.#receiving?.callOff()
    this.#receiving = undefined
  }

  deliver(message: LockerMessage): void {
    if (this.#receiving?.isWanted(message)) {
      this.#receiving.callOff()
      this.#receiving = undefined
      this.#resume(message)
    } else if (message.type !== 'lockSet' || this.#messages.length < WAITING_MAX) this.#messages.push(message)
  }

  /** Never throws: nobody who resumes it could do anything about what it throws. */
  #resume(value: unknown): void {
    try {
      this.#goOn(value)
    } catch (error) {
      this.#outcome.onFailed(error)
    }
  }

  #goOn(value: unknown): void {
    let given = value
    while (!this.#stopped) {
      const next = this.#routine.next(given)
      if (next.done === true) {
        this.#outcome.onDone(next.value)
        return
      }
      const result = this.#carryOut(next.value)
      if (result === WAITING) return
      given = result
    }
  }

  /** What the step gave; or WAITING, when that comes later. */
  #carryOut(step: Step): unknown {
    switch (step.type) {
      case 'ask':
        this.#host.ask(step, (replies) => this.#resume(replies))
        return WAITING
      case 'settle':
        this.#host.settle(step, (settlement) => this.#resume(settlement))
        return WAITING
      case 'receive':
        return this.#receive(step)
      case 'cast':
        this.#host.cast(step)
        return undefined
      case 'send':
        this.#host.send(step.to, step.message)
        return undefined
      case 'report':
        this.#host.report(step.event)
        return undefined
    }
  }

  #receive({ isWanted, timeoutMs }: Extract<Step, { type: 'receive' }>): unknown {
    const index = this.#messages.findIndex(isWanted)
    if (index >= 0) return this.#messages.splice(index, 1)[0]
    if (timeoutMs === 0) return NO_MESSAGE
    const callOff =
      timeoutMs === undefined
        ? () => {}
        : this.#host.after(timeoutMs, () => {
            this.#receiving = undefined
            this.#resume(NO_MESSAGE)
          })
    this.#receiving = { isWanted, callOff }
    return WAITING
  }
}

const WAITING: unique symbol = Symbol('waiting')
