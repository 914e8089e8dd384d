import { setTimeout as sleep } from 'node:timers/promises'

export interface WaitForInit {
  /** After this time the wait fails; generous, because test machines are slow at times. Default 120,000. */
  timeoutMs?: number
  /** Pause between two looks. Default 10. */
  intervalMs?: number
  /** What is waited for, for the error. A function is asked at the end, and can tell how far it got. */
  what?: string | (() => string)
}

/**
 * Waits until the condition gives something truthy, and returns that. An error thrown by the condition ends the wait at
 * once. Throws an Error saying what did not happen after `timeoutMs`.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  init: WaitForInit = {},
): Promise<Exclude<Awaited<T>, false | 0 | '' | null | undefined>> {
  const { timeoutMs = 120_000, intervalMs = 10, what = condition.toString() } = init
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const result = await condition()
    if (result) return result as Exclude<Awaited<T>, false | 0 | '' | null | undefined>
    if (performance.now() > deadline) {
      throw new Error(`not within ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`)
    }
    await sleep(intervalMs)
  }
}
