import { existsSync, statSync } from 'node:fs'
import { OtpError } from '../../errors.ts'

/** What was to be started. */
export interface Command {
  readonly command: string
  readonly cwd: string | undefined
}

/** Why a program could not be started. The system's own code does not tell a missing directory from a missing program. */
export function startErrorOf({ command, cwd }: Command, cause: NodeJS.ErrnoException): OtpError {
  if (cwd !== undefined && !isDirectory(cwd)) {
    return new OtpError(
      'PROGRAM_DIRECTORY_INVALID',
      `${command} cannot be started in ${cwd}: that is no directory, or not one that can be entered.`,
      { cause },
    )
  }
  switch (cause.code) {
    case 'ENOENT':
      return new OtpError('PROGRAM_NOT_FOUND', notFoundText(command), { cause })
    case 'EACCES':
    case 'ENOEXEC':
    case 'EISDIR':
      return new OtpError(
        'PROGRAM_NOT_EXECUTABLE',
        `${command} cannot be executed (${cause.code}): it must be a program, or a script with a #! line, that this user may execute, on a file system that allows it.`,
        { cause },
      )
    default:
      return new OtpError(
        'PROGRAM_START_FAILED',
        `${command} could not be started: ${cause.message}. EAGAIN, ENOMEM and EMFILE speak of limits of the system, E2BIG of arguments and environment.`,
        { cause },
      )
  }
}

function notFoundText(command: string): string {
  if (!command.includes('/')) {
    return `There is no program ${command} in PATH. Install it, or give the path of its file; a command line with arguments is to be split into \`command\` and \`args\`.`
  }
  if (existsSync(command)) return `${command} is there, but the interpreter that its #! line names is not.`
  return `There is no file ${command}.`
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
