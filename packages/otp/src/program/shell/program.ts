import {
  atom,
  type Behaviour,
  Exit,
  ExitReason,
  type Logger,
  type Node,
  type Pid,
  type Process,
  type SpawnInit,
  silentLogger,
} from '@tiebeam/distribution'
import type { ChildSpec, StartContext } from '../../child-spec.ts'
import { OtpError } from '../../errors.ts'
import { inputRequestOf } from '../input-message.ts'
import { ABANDON_MS, OUTPUT_END_MS, TIMEOUT } from '../lifecycle.ts'
import type { ProgramEnd } from '../program-end.ts'
import {
  checkPlatform,
  checkProgram,
  type ProgramChildInit,
  type ProgramInit,
  type ProgramLimits,
  programIdOf,
  programLimitsOf,
} from '../program-init.ts'
import { RunningProgram } from './running-program.ts'

const NORMAL = atom('normal')
const SHUTDOWN = atom('shutdown')

/** What a program takes at most to be gone, beyond its own `shutdownMs`, with a second to spare on a slow machine. */
const SHUTDOWN_MARGIN_MS = ABANDON_MS + OUTPUT_END_MS + 1_000

/**
 * A program as the child of a supervisor.
 *
 * The start is done when the program runs and, with `ready`, has said so. It rejects with an OtpError as {@link Program.start} does, when
 * nothing of the program is left. The process ends with the reason that {@link exitReasonOf} makes of the program's end.
 *
 * @throws OtpError `OPTION_INVALID`
 */
export function program(init: ProgramChildInit): ChildSpec {
  const limits = programLimitsOf(init)
  checkProgram(init)
  return {
    id: programIdOf(init),
    start: async (parent, context) => {
      const spawnLinked: Launch['spawn'] = (behaviour, spawnInit) => parent.spawnLink(behaviour, spawnInit)
      return (await launch({ spawn: spawnLinked, parent: parent.pid, init, limits, context })).pid
    },
    ...(init.restart !== undefined && { restart: init.restart }),
    ...(init.significant !== undefined && { significant: init.significant }),
    shutdownMs: limits.shutdownMs + SHUTDOWN_MARGIN_MS,
    type: 'worker',
  }
}

/** A program of the operating system, run by a process of the node: Erlang's port, with an orderly end. */
export class Program {
  /** The process that looks after the program. An exit signal to it ends the program. */
  readonly pid: Pid
  /** The number that the operating system knows the program by, and its process group. */
  readonly osPid: number
  /** Resolves when the program has ended, with all of its group. Never rejects. */
  readonly exited: Promise<ProgramEnd>
  readonly #running: RunningProgram

  /**
   * Starts a program without a supervisor.
   * @throws OtpError `OPTION_INVALID`, `PROGRAM_NOT_FOUND`, `PROGRAM_NOT_EXECUTABLE`, `PROGRAM_DIRECTORY_INVALID`, `PROGRAM_START_FAILED`,
   * `PROGRAM_GUARD_FAILED`, `PROGRAM_NOT_READY`, `PROGRAM_UNSUPPORTED`; DistributionError `NAME_TAKEN`, `NODE_STOPPED`
   */
  static async start(node: Node, init: ProgramInit): Promise<Program> {
    const limits = programLimitsOf(init)
    checkProgram(init)
    const spawn: Launch['spawn'] = (behaviour, spawnInit) => node.spawn(behaviour, spawnInit)
    const { pid, running } = await launch({ spawn, parent: undefined, init, limits, context: undefined })
    return new Program(pid, running)
  }

  private constructor(pid: Pid, running: RunningProgram) {
    this.pid = pid
    this.osPid = running.osPid
    this.#running = running
    this.exited = running.ended
  }

  /** SIGTERM to the program's group, and SIGKILL after `shutdownMs`. Resolves when it has ended. */
  stop(): Promise<ProgramEnd> {
    this.#running.stop(SHUTDOWN)
    return this.exited
  }

  /**
   * Writes to the program's input; resolves when the system has taken it.
   * @throws OtpError `PROGRAM_INPUT_CLOSED`, `PROGRAM_INPUT_FULL`
   */
  write(data: string | Uint8Array): Promise<void> {
    return this.#running.input.write(data)
  }

  /** The program reads the end of its input after what was written. */
  closeInput(): void {
    this.#running.input.close()
  }
}

interface Launch {
  readonly spawn: (behaviour: Behaviour, init: SpawnInit) => Pid
  /** The process to which the new one is linked. */
  readonly parent: Pid | undefined
  readonly init: ProgramInit
  readonly limits: ProgramLimits
  readonly context: StartContext | undefined
}

interface Launched {
  readonly pid: Pid
  readonly running: RunningProgram
}

async function launch({ spawn, parent, init, limits, context }: Launch): Promise<Launched> {
  checkPlatform(process.platform)
  const logger = (init.logger ?? context?.logger ?? silentLogger).child({ program: programIdOf(init) })
  return new Promise((resolve, reject) => {
    let isEntered = false
    const behaviour: Behaviour = async (self) => {
      isEntered = true
      try {
        const running = await RunningProgram.start(self, init, limits, logger)
        let isStarted = false
        const stopEarly = () => running.stop(SHUTDOWN)
        context?.signal.addEventListener('abort', stopEarly)
        if (context?.signal.aborted) stopEarly()
        void running.started.then(() => {
          isStarted = true
          context?.signal.removeEventListener('abort', stopEarly)
          resolve({ pid: self.pid, running })
        })
        const end = await lookAfter(self, running, logger)
        if (isStarted) throw new ExitReason(end.reason)
        throw notReadyError(init.command, limits.readyMs, end)
      } catch (error) {
        if (error instanceof ExitReason) throw error
        // Whoever waits for the start learns it from the promise alone.
        if (parent !== undefined && !self.signal.aborted) self.unlink(parent)
        reject(error)
      }
    }
    spawn(behaviour, { trapExit: true, ...(init.name !== undefined && { name: init.name }) })
    // The node starts the function in a microtask, unless the process has ended before.
    queueMicrotask(() => {
      if (!isEntered)
        reject(new OtpError('PROGRAM_START_FAILED', `${init.command} was told to end before it was started.`))
    })
  })
}

/** Until the program has ended: exit signals end it, messages are its input. */
async function lookAfter(self: Process, running: RunningProgram, logger: Logger): Promise<ProgramEnd> {
  logger.info({ osPid: running.osPid }, 'program started')
  self.signal.addEventListener('abort', () => running.kill())
  if (self.signal.aborted) running.kill()
  void receive(self, running, logger)
  const end = await running.ended
  const { status, signal, reason } = end
  const isExpected = status === 0 || reason === SHUTDOWN
  logger[isExpected ? 'info' : 'warn']({ osPid: running.osPid, status, signal }, 'program ended')
  return end
}

/** Ends with the process. */
async function receive(self: Process, running: RunningProgram, logger: Logger): Promise<void> {
  let isWarned = false
  const warnOnce = (error: unknown) => {
    if (!isWarned) logger.warn({ err: error }, 'input of the program was refused')
    isWarned = true
  }
  try {
    for await (const message of self) {
      if (message instanceof Exit) {
        // As for any process: that a linked one has ended as it should is no reason to end.
        if (message.reason !== NORMAL) running.stop(message.reason)
        continue
      }
      const request = inputRequestOf(message)
      if (request?.type === 'write') running.input.write(request.data).catch(warnOnce)
      else if (request?.type === 'close') running.input.close()
      else logger.debug('a message to a program that is no input, dropped')
    }
  } catch {
    // The process has ended.
  }
}

function notReadyError(command: string, readyMs: number, { status, signal, reason }: ProgramEnd): OtpError {
  const what =
    reason === TIMEOUT
      ? `did not print the line that says it is ready within readyMs (${readyMs} ms), and was ended`
      : `ended (status ${status}, signal ${signal}) before it printed the line that says it is ready`
  return new OtpError('PROGRAM_NOT_READY', `${command} ${what}. Its output in the log may say why.`, {
    cause: new ExitReason(reason),
  })
}
