import type { Socket } from 'node:net'
import type { DistributionError } from '../errors.ts'
import { type DialInit, dial } from '../transport/dial.ts'

/**
 * Dials; and dials again every `redialMs` for as long as no dial has succeeded or failed. The kernel repeats a lost SYN only after 1, 3
 * and 7 s, so after a partition a fresh dial is through much earlier. The first success counts; a failure ends all.
 */
export function dialRepeatedly(init: DialInit, redialMs: number | undefined): Promise<Socket> {
  if (redialMs === undefined) return dial(init)
  const deadlineMs = performance.now() + (init.timeoutMs ?? Number.POSITIVE_INFINITY)
  return new Promise((resolve, reject) => {
    const others = new AbortController()
    const callOff = (): void => others.abort()
    init.signal?.addEventListener('abort', callOff)
    let settled = false
    const settle = (act: () => void): void => {
      if (settled) return
      settled = true
      clearInterval(timer)
      init.signal?.removeEventListener('abort', callOff)
      act()
      others.abort()
    }
    const dialOnce = (): void => {
      const timeoutMs = Math.max(1, deadlineMs - performance.now())
      dial({ ...init, timeoutMs, signal: others.signal }).then(
        (socket) => {
          if (settled) socket.destroy()
          else settle(() => resolve(socket))
        },
        (error: DistributionError) => settle(() => reject(error)),
      )
    }
    const timer = setInterval(dialOnce, redialMs)
    dialOnce()
  })
}
