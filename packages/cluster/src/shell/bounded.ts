export interface Bound {
  readonly timeoutMs: number
  /** What it rejects with after so long. */
  readonly timeoutError: () => Error
  readonly signal: AbortSignal
}

/** Runs something foreign so that it ends in time, also when it does not heed its signal, and throws only by rejecting. */
export async function bounded<T>(run: (signal: AbortSignal) => T | PromiseLike<T>, bound: Bound): Promise<T> {
  bound.signal.throwIfAborted()
  const ending = new AbortController()
  const cut = (): void => ending.abort(bound.signal.reason)
  bound.signal.addEventListener('abort', cut, { once: true })
  const timer = setTimeout(() => ending.abort(bound.timeoutError()), bound.timeoutMs)
  const ended = new Promise<never>((_resolve, reject) => {
    ending.signal.addEventListener('abort', () => reject(ending.signal.reason), { once: true })
  })
  try {
    return await Promise.race([(async () => run(ending.signal))(), ended])
  } finally {
    clearTimeout(timer)
    bound.signal.removeEventListener('abort', cut)
  }
}
