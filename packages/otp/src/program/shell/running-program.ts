import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { atom, type Logger, type Process, tuple } from '@tiebeam/distribution'
import {
  Lifecycle,
  type LifecycleEffect,
  type LifecycleEvent,
  type LifecycleNote,
  type TimerName,
} from '../lifecycle.ts'
import type { ProgramEnd } from '../program-end.ts'
import { environmentOf, type ProgramInit, type ProgramLimits } from '../program-init.ts'
import type { OutputStream, ProgramLine } from '../program-line.ts'
import { groupIsAlive, signalGroup } from './group.ts'
import { Guard } from './guard.ts'
import { type LineSink, lineSinkOf } from './line-sinks.ts'
import { OutputReader } from './output-reader.ts'
import { ProgramInput } from './program-input.ts'
import { startErrorOf } from './start-error.ts'

const NOTES: Readonly<Record<LifecycleNote, { readonly level: 'info' | 'warn' | 'error'; readonly text: string }>> = {
  leftBehind: {
    level: 'info',
    text: 'the program has ended and left processes of its group behind; they are told to end',
  },
  unwilling: { level: 'warn', text: 'the program did not end within shutdownMs after SIGTERM; its group is killed' },
  unkillable: { level: 'error', text: 'processes of the program are still there after SIGKILL; they are left alone' },
}

/** One operating-system process with its group, guard, input and output. Carries out what its {@link Lifecycle} decides. */
export class RunningProgram {
  readonly osPid: number
  readonly input: ProgramInput
  /** Resolves when the program has started, and is ready if that was asked for. Never rejects: see `ended`. */
  readonly started: Promise<void>
  /** Resolves when nothing of it is left. Never rejects. */
  readonly ended: Promise<ProgramEnd>
  readonly #lifecycle: Lifecycle
  readonly #guard: Guard | undefined
  readonly #logger: Logger
  readonly #readers: readonly OutputReader[]
  readonly #timers = new Map<TimerName, NodeJS.Timeout>()
  #hasOutputFailed = false
  #resolveStarted!: () => void
  #resolveEnded!: (end: ProgramEnd) => void

  /**
   * Starts the program as the leader of a new session, and so of a new process group.
   * @throws OtpError `PROGRAM_GUARD_FAILED`, `PROGRAM_NOT_FOUND`, `PROGRAM_NOT_EXECUTABLE`, `PROGRAM_DIRECTORY_INVALID`, `PROGRAM_START_FAILED`
   */
  static async start(self: Process, init: ProgramInit, limits: ProgramLimits, logger: Logger): Promise<RunningProgram> {
    const { shutdownMs } = limits
    const guard = init.guard === false ? undefined : await Guard.start({ shutdownMs, logger })
    let child: ChildProcess
    try {
      child = spawnChild(init)
      // At once, so that not even a crash of this process in between leaves the program alone.
      if (child.pid !== undefined) guard?.watch(child.pid)
      else throw await new Promise<Error>((resolve) => child.once('error', resolve))
    } catch (error) {
      guard?.release()
      throw startErrorOf({ command: init.command, cwd: init.cwd }, error as NodeJS.ErrnoException)
    }
    return new RunningProgram({ self, init, limits, logger, guard, child, osPid: child.pid })
  }

  private constructor(parts: {
    readonly self: Process
    readonly init: ProgramInit
    readonly limits: ProgramLimits
    readonly logger: Logger
    readonly guard: Guard | undefined
    readonly child: ChildProcess
    readonly osPid: number
  }) {
    const { self, init, limits, logger, child } = parts
    this.osPid = parts.osPid
    this.#guard = parts.guard
    this.#logger = logger.child({ osPid: this.osPid })
    this.#lifecycle = new Lifecycle({
      readyMs: init.ready === undefined ? undefined : limits.readyMs,
      shutdownMs: limits.shutdownMs,
    })
    this.started = new Promise((resolve) => {
      this.#resolveStarted = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    this.input = new ProgramInput(child.stdin, limits.inputBytesMax)
    const sink = lineSinkOf({ output: init.output ?? 'log', self, logger: this.#logger, ...limits })
    const onLine = this.#readiness(init.ready)
    const readers = (readable: Readable | null, stream: OutputStream) =>
      readable === null ? [] : [new OutputReader({ readable, stream, program: self.pid, sink, onLine, ...limits })]
    this.#readers = [...readers(child.stdout, 'stdout'), ...readers(child.stderr, 'stderr')]
    child.once('exit', (status, signal) => {
      this.#handle({ type: 'exited', exit: { status: status ?? undefined, signal: signal ?? undefined } })
    })
    // What may come from now on (a signal that could not be sent) is thrown where it is tried.
    child.on('error', () => {})
    this.#handle({ type: 'spawned' })
    void this.#readOutput(sink)
  }

  /** SIGTERM to the group, and SIGKILL after `shutdownMs`; the process then ends with this reason. */
  stop(reason: unknown): void {
    this.#handle({ type: 'stop', reason })
  }

  /** SIGKILL to the group. */
  kill(): void {
    this.#handle({ type: 'kill' })
  }

  #readiness(ready: ProgramInit['ready']): (line: ProgramLine) => void {
    if (ready === undefined) return () => {}
    let isReady = false
    return (line) => {
      isReady ||= ready instanceof RegExp ? line.text.search(ready) !== -1 : ready(line)
      if (isReady) this.#handle({ type: 'ready' })
    }
  }

  async #readOutput(sink: LineSink): Promise<void> {
    const failed = (error: unknown) => this.#outputFailed(error)
    await Promise.all(this.#readers.map((reader) => reader.read().catch(failed)))
    await sink.settled().catch(failed)
    this.#handle({ type: 'outputEnded' })
  }

  #outputFailed(error: unknown): void {
    if (this.#hasOutputFailed) return
    this.#hasOutputFailed = true
    this.#logger.error({ err: error }, 'the receiver of the output threw; the program is ended')
    for (const reader of this.#readers) reader.abandon()
    this.stop(tuple(atom('output_failed'), String(error)))
  }

  #handle(event: LifecycleEvent): void {
    for (const effect of this.#lifecycle.handle(event)) this.#carryOut(effect)
  }

  #carryOut(effect: LifecycleEffect): void {
    switch (effect.type) {
      case 'started':
        this.#resolveStarted()
        return
      case 'signal':
        this.#signal(effect.signal)
        return
      case 'startTimer':
        this.#cancel(effect.name)
        this.#timers.set(
          effect.name,
          setTimeout(() => this.#handle({ type: 'timer', name: effect.name }), effect.ms),
        )
        return
      case 'cancelTimer':
        this.#cancel(effect.name)
        return
      case 'checkGroup':
        void groupIsAlive(this.osPid).then((alive) => this.#handle({ type: 'groupChecked', alive }))
        return
      case 'releaseGuard':
        this.#guard?.release()
        return
      case 'hurryOutput':
        for (const reader of this.#readers) reader.hurry()
        return
      case 'dropOutput':
        this.#logger.warn('output that was not delivered soon after the end of the program is dropped')
        for (const reader of this.#readers) reader.abandon()
        return
      case 'note':
        this.#logger[NOTES[effect.note].level](NOTES[effect.note].text)
        return
      case 'end':
        this.#end(effect.end)
        return
    }
  }

  #end(end: ProgramEnd): void {
    this.input.destroy()
    const droppedLines = this.#readers.reduce((sum, reader) => sum + reader.droppedLines, 0)
    if (droppedLines > 0) this.#logger.warn({ droppedLines }, 'lines were dropped that nobody took in time')
    this.#resolveEnded(end)
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    try {
      signalGroup(this.osPid, signal)
      // What is stopped does not see a SIGTERM before it is continued.
      if (signal === 'SIGTERM') signalGroup(this.osPid, 'SIGCONT')
    } catch (error) {
      this.#logger.error({ err: error, signal }, 'the group of the program cannot be signalled')
    }
  }

  #cancel(name: TimerName): void {
    clearTimeout(this.#timers.get(name))
    this.#timers.delete(name)
  }
}

function spawnChild(init: ProgramInit): ChildProcess {
  // What nobody reads, not even for a sign of readiness, does not have to come here.
  const output = init.output === 'discard' && init.ready === undefined ? 'ignore' : 'pipe'
  return spawn(init.command, init.args ?? [], {
    cwd: init.cwd,
    env: environmentOf(init, process.env),
    detached: true,
    stdio: [init.input === 'pipe' ? 'pipe' : 'ignore', output, output],
  })
}
