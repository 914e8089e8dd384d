import { inspect } from 'node:util'
import { atom, Down, Node, type Pid, type Process, type Reference, type SpawnInit } from '@tiebeam/distribution'
import { OtpError } from '../errors.ts'
import { isTimeout } from '../gen/call.ts'

const KILL = atom('kill')

/** A server that did not come up. */
export class StartError extends OtpError {
  override readonly name = 'StartError'
  /** What its process ended with. `cause` is what was thrown in it, if that is why. */
  readonly reason: unknown

  constructor(code: 'START_FAILED' | 'START_TIMEOUT', message: string, init: { reason: unknown; cause?: unknown }) {
    super(code, message, { cause: init.cause })
    this.reason = init.reason
  }
}

export interface ServerStart {
  /** What it is, for error messages. */
  readonly title: string
  readonly spawn: SpawnInit
  /** For the initialisation. */
  readonly timeoutMs: number
  /** Ends a server that is not initialised yet. */
  readonly signal: AbortSignal | undefined
  /** Runs in the new process. When it is done, the server is up, and what it returned is run. */
  readonly initialise: (self: Process) => Promise<() => Promise<void>>
}

/**
 * Spawns a process, and resolves with its pid when it is initialised: `proc_lib:start_link/5`. When that fails, rejects after the process has
 * ended and its name is free again.
 * @param starter a node; or a process, to which the new one is linked
 * @throws StartError `START_FAILED`, `START_TIMEOUT`; DistributionError `NAME_TAKEN`, `NODE_STOPPED`, `PROCESS_EXITED`
 */
export async function startServer(starter: Node | Process, start: ServerStart): Promise<Pid> {
  const { title, spawn, timeoutMs, signal, initialise } = start
  let cause: unknown
  const live = async (self: Process): Promise<void> => {
    // Whoever starts it asks before anybody else can.
    const started = (await self.receive()) as Reference
    const run = await initialise(self).catch((error) => {
      cause = error
      throw error
    })
    self.send(started, self.pid)
    await run()
  }
  const pid = starter instanceof Node ? starter.spawn(live, spawn) : starter.spawnLink(live, spawn)
  const giveUp = () => starter.exit(pid, KILL)
  signal?.addEventListener('abort', giveUp)
  try {
    const answer = await starter.ask(pid, (alias) => alias, { timeoutMs })
    if (!(answer instanceof Down)) return pid
    const why = cause instanceof Error ? cause.message : inspect(answer.reason, { depth: 4 })
    throw new StartError('START_FAILED', `${title} could not be started: ${why}`, { reason: answer.reason, cause })
  } catch (error) {
    if (!isTimeout(error)) throw error
    if (!(starter instanceof Node)) starter.unlink(pid)
    giveUp()
    const text = `${title} was not initialised within ${timeoutMs} ms, and was ended.`
    throw new StartError('START_TIMEOUT', text, { reason: atom('timeout') })
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}
