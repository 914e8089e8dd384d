import { setTimeout as sleep } from 'node:timers/promises'
import { type Destination, DistributionError, type Logger, Pid, type Process, Reference } from '@tiebeam/distribution'
import type { ProgramOutput } from '../program-init.ts'
import { lineMessage, type ProgramLine } from '../program-line.ts'

/** Where lines go. Takes one; or gives a promise, after which the same line is to be offered again. */
export type LineSink = (line: ProgramLine) => Promise<unknown> | undefined

export interface LineSinkInit {
  readonly output: ProgramOutput
  /** On whose behalf messages are sent. */
  readonly self: Process
  readonly logger: Logger
  readonly receiverMessagesMax: number
}

/** Pause between two looks at a mailbox that is full. */
const MAILBOX_POLL_MS = 10

export function lineSinkOf(init: LineSinkInit): LineSink {
  const { output } = init
  if (output === 'log') return logSink(init.logger)
  if (output === 'discard') return () => undefined
  return typeof output === 'function' ? functionSink(output) : processSink(output.to, init)
}

function logSink(logger: Logger): LineSink {
  return ({ stream, text }) => {
    logger[stream === 'stdout' ? 'info' : 'warn']({ stream }, text)
    return undefined
  }
}

/** At most one call is under way. What the function throws, or its promise rejects with, comes out of this call or the next. */
function functionSink(take: (line: ProgramLine) => unknown): LineSink {
  let pending: Promise<unknown> | undefined
  let failure: { readonly error: unknown } | undefined
  return (line) => {
    if (failure !== undefined) throw failure.error
    if (pending !== undefined) return pending
    const result = take(line)
    if (result instanceof Promise) {
      pending = result
        .catch((error: unknown) => {
          failure = { error }
        })
        .finally(() => {
          pending = undefined
        })
    }
    return undefined
  }
}

/** Waits for a receiver that does not keep up: by the length of its mailbox on this node, by the output to another one. */
function processSink(to: Destination, { self, logger, receiverMessagesMax }: LineSinkInit): LineSink {
  let resumeBelow = receiverMessagesMax
  let isLost = false
  const lost = () => {
    if (!isLost) logger.warn({ to: String(typeof to === 'object' && 'name' in to ? to.name : to) }, LOST)
    isLost = true
  }
  return (line) => {
    const waiting = mailboxLength(to, self)
    if (waiting !== undefined && waiting >= resumeBelow) {
      // Room for many at once, rather than a line each time that a message is read.
      resumeBelow = Math.ceil(receiverMessagesMax / 2)
      return sleep(MAILBOX_POLL_MS)
    }
    resumeBelow = receiverMessagesMax
    if (waiting === undefined && isLocal(to, self)) {
      lost()
      return undefined
    }
    try {
      self.send(to, lineMessage(line))
      isLost = false
    } catch (error) {
      const code = error instanceof DistributionError ? error.code : undefined
      if (code === 'OUTPUT_FULL') return drained(to, self)
      // The process was killed, and its program with it.
      if (code !== 'PROCESS_EXITED') throw error
    }
    return undefined
  }
}

const LOST = 'nobody is there to receive the output of a program; it is dropped'

function mailboxLength(to: Destination, self: Process): number | undefined {
  if (to instanceof Reference || !isLocal(to, self)) return undefined
  return self.node.mailboxLength(to instanceof Pid || typeof to === 'string' ? to : to.name)
}

/** Whether its mailbox can be looked at. Of an alias nobody can tell whose it is. */
function isLocal(to: Destination, self: Process): boolean {
  if (to instanceof Reference) return false
  return typeof to === 'string' || to.node === self.node.name
}

async function drained(to: Destination, self: Process): Promise<void> {
  if (typeof to === 'string') return
  // A connection that ends drops what waited, and leaves room.
  await self.node.drained(to.node).catch(() => sleep(MAILBOX_POLL_MS))
}
