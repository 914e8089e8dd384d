import type { Destination, Logger } from '@tiebeam/distribution'
import type { ChildInit } from '../child-spec.ts'
import { OtpError } from '../errors.ts'
import type { ProgramLine } from './program-line.ts'

/**
 * Where the lines that a program prints go. `log`: to `logger`, standard output as `info` and standard error as `warn`. `discard`: nowhere.
 * `{ to }`: as messages to a process ({@link programLineOf} reads them). A function: is called with each; when it returns a promise, the next
 * line waits for that.
 */
export type ProgramOutput = 'log' | 'discard' | { readonly to: Destination } | ((line: ProgramLine) => unknown)

export interface ProgramInit {
  /** A file, or a name that is looked up in the `PATH` of the program's environment. No shell is involved. */
  readonly command: string
  readonly args?: readonly string[]
  /** Added to the environment of this process; a variable that is `undefined` is removed from it. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Default true. False: `env` is all the environment there is. */
  readonly inheritEnv?: boolean
  /** Default: that of this process. */
  readonly cwd?: string
  /** Default 'none': the program reads an empty input. 'pipe': see {@link Program.write}. */
  readonly input?: 'none' | 'pipe'
  /** So much may wait to be read by the program; a write beyond is refused with `PROGRAM_INPUT_FULL`. Default 1 MiB. */
  readonly inputBytesMax?: number
  /** Default 'log'. */
  readonly output?: ProgramOutput
  /** Longer lines are delivered in pieces of at most so many bytes. At least 4; default 64 KiB. */
  readonly lineBytesMax?: number
  /** While so many messages wait in the mailbox of the process that `output` names, no further output is read. Default 1,000. */
  readonly receiverMessagesMax?: number
  /** The program counts as started when a line that it prints matches. Default: as soon as it runs. */
  readonly ready?: RegExp | ((line: ProgramLine) => boolean)
  /** Within so long it must be ready. Default 30,000. */
  readonly readyMs?: number
  /** Between SIGTERM and SIGKILL, 86,400,000 (a day) at most. Default 5,000. */
  readonly shutdownMs?: number
  /**
   * Whether a small process stands by to end the program when this one dies without being able to. Default true. It needs `/bin/sh`: say
   * false in an image that has no shell, if Node is process 1 of its container, whose end is the end of all others.
   */
  readonly guard?: boolean
  /** Names the program in the log, and among the children of a supervisor. Default: the last part of `command`. */
  readonly id?: string
  /** Registers the process that looks after the program. */
  readonly name?: string
  /** Default: logs nothing. */
  readonly logger?: Logger
}

/** Its `logger` is by default that of the supervisor. */
export interface ProgramChildInit extends ProgramInit, Pick<ChildInit, 'restart' | 'significant'> {}

/** The numbers of a {@link ProgramInit}, with defaults filled in. */
export interface ProgramLimits {
  readonly inputBytesMax: number
  readonly lineBytesMax: number
  readonly receiverMessagesMax: number
  readonly readyMs: number
  readonly shutdownMs: number
}

const RANGES: Readonly<Record<keyof ProgramLimits, { default: number; min: number; max: number }>> = {
  inputBytesMax: { default: 1024 * 1024, min: 1, max: 2 ** 31 },
  // One character of UTF-8 must have room; the upper bound is well below what a string can hold.
  lineBytesMax: { default: 64 * 1024, min: 4, max: 64 * 1024 * 1024 },
  receiverMessagesMax: { default: 1_000, min: 1, max: 10_000_000 },
  readyMs: { default: 30_000, min: 1, max: 86_400_000 },
  shutdownMs: { default: 5_000, min: 0, max: 86_400_000 },
}

/** @throws OtpError `OPTION_INVALID` */
export function programLimitsOf(init: ProgramInit): ProgramLimits {
  const limits = {} as { -readonly [Name in keyof ProgramLimits]: number }
  for (const name of Object.keys(RANGES) as (keyof ProgramLimits)[]) {
    const range = RANGES[name]
    const value = init[name] ?? range.default
    if (!(typeof value === 'number' && value >= range.min && value <= range.max)) {
      throw invalid(`${name} must be a number from ${range.min} to ${range.max}.`)
    }
    limits[name] = value
  }
  return limits
}

/** @throws OtpError `OPTION_INVALID` for what cannot be said to an operating system */
export function checkProgram(init: ProgramInit): void {
  if (!isText(init.command) || init.command === '') throw invalid('command must be a file or the name of a program.')
  if (init.args?.every(isText) === false) throw invalid('args must be strings without NUL characters.')
  if (init.cwd !== undefined && !isText(init.cwd)) throw invalid('cwd must be a path without NUL characters.')
  if (!isOutput(init.output ?? 'log'))
    throw invalid("output must be 'log', 'discard', a function or { to: destination }.")
  for (const [name, value] of Object.entries(init.env ?? {})) {
    if (name === '' || name.includes('=') || !isText(name)) {
      throw invalid(`env: ${JSON.stringify(name)} cannot be the name of a variable.`)
    }
    if (value !== undefined && !isText(value)) {
      throw invalid(`env.${name} must be a string without NUL characters, or undefined to remove the variable.`)
    }
  }
}

/** @throws OtpError `PROGRAM_UNSUPPORTED` */
export function checkPlatform(platform: string): void {
  if (platform !== 'win32') return
  throw new OtpError(
    'PROGRAM_UNSUPPORTED',
    'Programs are supervised by process groups and signals, which Windows does not have. Run the node on Linux or macOS, or in WSL.',
  )
}

export function programIdOf({ id, command }: ProgramInit): string {
  return id ?? command.slice(command.lastIndexOf('/') + 1)
}

/** The environment of the program; `inherited` is that of this process. */
export function environmentOf(
  init: ProgramInit,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const merged = init.inheritEnv === false ? { ...init.env } : { ...inherited, ...init.env }
  const present = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(present)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0')
}

function isOutput(output: ProgramOutput): boolean {
  if (output === 'log' || output === 'discard' || typeof output === 'function') return true
  return typeof output === 'object' && output?.to !== undefined
}

function invalid(message: string): OtpError {
  return new OtpError('OPTION_INVALID', message)
}
