import { on, once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { type ChildInit, type ChildSpec, childInitOf } from '../../child-spec.ts'
import { drainMsOf } from '../drain.ts'
import { resourceChild } from './resource.ts'

export interface ThreadInit extends ChildInit {
  /** Makes the thread: `() => new Worker(new URL('./thread.js', import.meta.url))`. Called anew for every restart. */
  readonly create: () => Worker
  /** The child is started when the thread posts a message for which this is true. Default: when its code begins to run. */
  readonly ready?: (message: unknown) => boolean
  /** Sent to the thread on shutdown; it then has `drainMs` to exit by itself. Default: it is terminated at once. */
  readonly stopMessage?: unknown
  /** Less than `shutdownMs`. Default 4,000, or 80 % of it. */
  readonly drainMs?: number
}

/**
 * A thread of `node:worker_threads` as a child. An error in it, or an exit with another code than 0, is the reason of the child's end, which
 * otherwise is `normal`.
 */
export function threadChild(init: ThreadInit): ChildSpec {
  const { create, ready, stopMessage } = init
  const drainMs = drainMsOf(init)
  return resourceChild({
    ...childInitOf(init),
    start: async (signal) => {
      const thread = create()
      const ended = exitOf(thread)
      try {
        const early = ended.then(() => Promise.reject(new Error('The thread exited before it was ready.')))
        await Promise.race([upOf(thread, ready, signal), early])
      } catch (error) {
        await thread.terminate()
        throw error
      }
      return {
        ended,
        stop: async ({ forced }) => {
          if (stopMessage !== undefined && !forced) await exitWithin(thread, ended, stopMessage, drainMs)
          await thread.terminate()
        },
      }
    },
  })
}

async function upOf(thread: Worker, ready: ThreadInit['ready'], signal: AbortSignal): Promise<void> {
  if (ready === undefined) await once(thread, 'online', { signal })
  else {
    for await (const [message] of on(thread, 'message', { signal })) {
      if (ready(message)) return
    }
  }
}

function exitOf(thread: Worker): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    thread.on('error', reject)
    thread.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`The thread exited with code ${code}.`))
    })
  })
  // Whoever waits for it meets the error; nobody may, while it is being started or stopped.
  ended.catch(() => {})
  return ended
}

async function exitWithin(thread: Worker, ended: Promise<void>, stopMessage: unknown, drainMs: number): Promise<void> {
  thread.postMessage(stopMessage)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, drainMs)
  })
  await Promise.race([ended.catch(() => {}), late])
  clearTimeout(timer)
}
