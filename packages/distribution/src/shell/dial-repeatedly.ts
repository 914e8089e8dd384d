export interface DialRepeatedlyInit {
  readonly everyMs: number
  /** Ends all dials. */
  readonly signal: AbortSignal
}

/** Unfinished dials at a time. The first is kept to the end, so that a peer that is far or slow is reached as well. */
const UNFINISHED_MAX = 4

/**
 * Dials; and dials again every `everyMs` for as long as no dial has succeeded or failed. The kernel repeats a lost SYN only after 1, 3
 * and 7 s, so after a partition a fresh dial is through much earlier. The first success counts; a failure ends all.
 * @param dispose ends what a dial gave that came second
 */
export function dialRepeatedly<T>(
  dialOnce: (signal: AbortSignal) => Promise<T>,
  dispose: (late: T) => void,
  init: DialRepeatedlyInit,
): Promise<T> {
  const { everyMs, signal } = init
  return new Promise((resolve, reject) => {
    const unfinished = new Set<AbortController>()
    const callOff = (): void => {
      for (const dial of unfinished) dial.abort()
      settle(() => reject(signal.reason))
    }
    const settle = (act: () => void): void => {
      clearInterval(timer)
      signal.removeEventListener('abort', callOff)
      act()
      for (const dial of unfinished) dial.abort()
      unfinished.clear()
    }
    const begin = (): void => {
      const [, second] = unfinished
      if (second !== undefined && unfinished.size >= UNFINISHED_MAX) {
        unfinished.delete(second)
        second.abort()
      }
      const dial = new AbortController()
      unfinished.add(dial)
      dialOnce(dial.signal).then(
        (result) => {
          if (unfinished.delete(dial)) settle(() => resolve(result))
          else dispose(result)
        },
        (error: unknown) => {
          if (unfinished.delete(dial)) settle(() => reject(error))
        },
      )
    }
    const timer = setInterval(begin, everyMs)
    signal.addEventListener('abort', callOff)
    begin()
  })
}
