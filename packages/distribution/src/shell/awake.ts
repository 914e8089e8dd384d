import { BusyWait } from '../busy-wait.ts'

/** Keeps the event loop from going to sleep in the middle of a conversation. */
export class Awake {
  readonly #busyWait: BusyWait
  /** 0 when nothing keeps it awake. */
  #untilMs = 0

  constructor(awakeMs: number) {
    this.#busyWait = new BusyWait(awakeMs)
  }

  arrived(): void {
    const untilMs = this.#busyWait.arrived(performance.now())
    if (untilMs === undefined) return
    if (this.#untilMs === 0) setImmediate(this.#look)
    this.#untilMs = untilMs
  }

  // As long as an immediate waits, the event loop looks at its sockets without sleeping.
  readonly #look = (): void => {
    if (performance.now() < this.#untilMs) setImmediate(this.#look)
    else this.#untilMs = 0
  }
}
