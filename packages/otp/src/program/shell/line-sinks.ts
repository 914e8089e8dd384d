import { setTimeout as sleep } from 'node:timers/promises'
import { type Destination, DistributionError, type Logger, Pid, type Process, Reference } from '@tiebeam/distribution'
import type { ProgramOutput } from '../program-init.ts'
import { lineMessage, type ProgramLine } from '../program-line.ts'

/** Where lines go. */
export interface LineSink {
  /** Takes a line; or gives a promise, after which the same line is to be offered again. Throws what the receiver throws. */
  offer(line: ProgramLine): Promise<unknown> | undefined
  /** Resolves when the receiver is done with the last line that was taken. Rejects with what it throws. */
  settled(): Promise<void>
}

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
  if (typeof output === 'function') return new FunctionSink(output)
  const offer = offerOf(output, init)
  return { offer, settled: () => Promise.resolve() }
}

function offerOf(
  output: Exclude<ProgramOutput, (line: ProgramLine) => unknown>,
  init: LineSinkInit,
): LineSink['offer'] {
  if (output === 'log') return logOffer(init.logger)
  return output === 'discard' ? () => undefined : processOffer(output.to, init)
}

function logOffer(logger: Logger): LineSink['offer'] {
  return ({ stream, text }) => {
    logger[stream === 'stdout' ? 'info' : 'warn']({ stream }, text)
    return undefined
  }
}

/** At most one call of the function is under way. */
class FunctionSink implements LineSink {
  readonly #take: (line: ProgramLine) => unknown
  #pending: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(take: (line: ProgramLine) => unknown) {
    this.#take = take
  }

  offer(line: ProgramLine): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#pending !== undefined) return this.#pending
    const result = this.#take(line)
    if (result instanceof Promise) this.#pending = this.#watch(result)
    return undefined
  }

  async settled(): Promise<void> {
    await this.#pending
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Never rejects: what went wrong comes out of the next offer, so that it is told once. */
  async #watch(result: Promise<unknown>): Promise<void> {
    try {
      await result
    } catch (error) {
      this.#failure = { error }
    }
    this.#pending = undefined
  }
}

/** Waits for a receiver that does not keep up: by the length of its mailbox on this node, by the output to another one. */
function processOffer(to: Destination, { self, logger, receiverMessagesMax }: LineSinkInit): LineSink['offer'] {
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
