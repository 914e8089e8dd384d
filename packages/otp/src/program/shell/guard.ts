import { type ChildProcess, spawn } from 'node:child_process'
import type { Logger } from '@tiebeam/distribution'
import { OtpError } from '../../errors.ts'
import { guardArguments } from '../guard-script.ts'

/** A guard that was killed is replaced after this time. */
const REPLACE_MS = 1_000

export interface GuardInit {
  readonly shutdownMs: number
  readonly logger: Logger
  /** Default /bin/sh. */
  readonly shell?: string
}

/**
 * A process that outlives this one for just as long as it takes to end a process group: SIGTERM, and after `shutdownMs` SIGKILL. It is in a session
 * of its own, so that neither Ctrl-C nor the end of a terminal nor a signal to the program's group reaches it.
 */
export class Guard {
  readonly #init: GuardInit
  #process: ChildProcess
  #group: number | undefined
  #released = false
  #isMissed = false
  #replacing: NodeJS.Timeout | undefined

  /**
   * Starts the guard, which has nothing to watch over yet.
   * @throws OtpError `PROGRAM_GUARD_FAILED`
   */
  static async start(init: GuardInit): Promise<Guard> {
    const child = spawnGuard(init)
    if (child.pid !== undefined) return new Guard(init, child)
    const cause = await new Promise<Error>((resolve) => child.once('error', resolve))
    throw new OtpError(
      'PROGRAM_GUARD_FAILED',
      `The process that would end the program after a crash of this one cannot be started: ${cause.message}. It needs /bin/sh; see the option \`guard\`.`,
      { cause },
    )
  }

  private constructor(init: GuardInit, child: ChildProcess) {
    this.#init = init
    this.#process = child
    this.#adopt(child)
  }

  /** The number of the guard's own process. */
  get osPid(): number | undefined {
    return this.#process.pid
  }

  /** From now on the guard watches over this group. The system has the number when this returns: a crash right after is covered. */
  watch(group: number): void {
    this.#group = group
    this.#process.stdin?.write(`${group}\n`)
  }

  /** The group has ended, or never was. */
  release(): void {
    this.#released = true
    clearTimeout(this.#replacing)
    this.#process.stdin?.end('released\n')
  }

  #adopt(child: ChildProcess): void {
    this.#process = child
    // Neither keeps Node from ending by itself.
    child.unref()
    ;(child.stdin as { unref?(): void } | null)?.unref?.()
    // A guard that is gone no longer reads; its end is what counts.
    child.stdin?.on('error', () => {})
    child.once('error', () => this.#replaceLater())
    child.once('exit', () => this.#replaceLater())
    if (this.#group !== undefined) this.watch(this.#group)
  }

  #replaceLater(): void {
    if (this.#released || this.#replacing !== undefined) return
    const { logger } = this.#init
    // Once: when it cannot be replaced either, that is tried again every second.
    logger[this.#isMissed ? 'debug' : 'warn'](
      { group: this.#group },
      'the guard of a program has ended; another one takes its place',
    )
    this.#isMissed = true
    this.#replacing = setTimeout(() => {
      this.#replacing = undefined
      this.#adopt(spawnGuard(this.#init))
    }, REPLACE_MS)
    this.#replacing.unref()
  }
}

function spawnGuard({ shutdownMs, shell = '/bin/sh' }: GuardInit): ChildProcess {
  return spawn(shell, guardArguments(shutdownMs), {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
}
