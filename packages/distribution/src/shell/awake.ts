import { BusyWait } from '../busy-wait.ts'

/** Keeps the event loop from going to sleep in the middle of a conversation. */
export class Awake {
  readonly #busyWait: BusyWait
  /** 0 when nothing keeps it awake. */
  #untilMs = 0
  /** How often the system took the processor away from this node. */
  #contextSwitches = 0

  constructor(awakeMs: number) {
    this.#busyWait = new BusyWait(awakeMs)
  }

  arrived(): void {
    const nowMs = performance.now()
    const untilMs = this.#busyWait.arrived(nowMs)
    if (untilMs === undefined) return
    if (this.#untilMs === 0) {
      this.#busyWait.begins(nowMs)
      setImmediate(this.#look)
    }
    this.#untilMs = untilMs
  }

  // As long as an immediate waits, the event loop looks at its sockets without sleeping.
  readonly #look = (): void => {
    const nowMs = performance.now()
    if (this.#busyWait.looks(nowMs) && this.#wasPreempted()) {
      this.#busyWait.rest(nowMs)
      this.#untilMs = 0
    } else if (nowMs < this.#untilMs) setImmediate(this.#look)
    else this.#untilMs = 0
  }

  #wasPreempted(): boolean {
    const before = this.#contextSwitches
    this.#contextSwitches = process.resourceUsage().involuntaryContextSwitches
    return this.#contextSwitches > before
  }
}
