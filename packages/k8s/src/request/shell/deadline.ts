/** Ends work by a signal, when it takes too long or when the caller's own signal does. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #parents: readonly AbortSignal[]
  readonly #timer: NodeJS.Timeout
  readonly #forward = (): void => this.#controller.abort(this.#parents.find((parent) => parent.aborted)?.reason)

  /** @param timeoutError made when the time is over */
  constructor(parents: readonly (AbortSignal | undefined)[], timeoutMs: number, timeoutError: () => Error) {
    this.#parents = parents.filter((parent) => parent !== undefined)
    this.#timer = setTimeout(() => this.#controller.abort(timeoutError()), timeoutMs)
    for (const parent of this.#parents) {
      if (parent.aborted) this.#controller.abort(parent.reason)
      else parent.addEventListener('abort', this.#forward, { once: true })
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** From now on only the parents end it. */
  stopClock(): void {
    clearTimeout(this.#timer)
  }

  /** Must be called when the work is over: the parents may live for ever. */
  clear(): void {
    clearTimeout(this.#timer)
    for (const parent of this.#parents) parent.removeEventListener('abort', this.#forward)
  }
}

/** What the promise gives, or the reason of the signal if that aborts before. The work itself goes on. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error)
  })
  signal.addEventListener('abort', abort, { once: true })
  try {
    if (signal.aborted) abort()
    return await Promise.race([aborted, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
