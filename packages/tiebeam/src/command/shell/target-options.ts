import { type Command, InvalidArgumentError } from 'commander'

export interface TargetFlags {
  readonly node?: string
  readonly cookie?: string
  readonly cookieFile?: string
  readonly runDirectory?: string
  readonly epmdPort?: number
}

export function addTargetOptions(command: Command): Command {
  return addCookieOptions(
    command.option('--node <name>', 'the node to ask (default: RELEASE_NODE, else the app that runs here)'),
  )
}

/** A cookie on the command line can be read by every user of the host, so the file comes first. */
export function addCookieOptions(command: Command): Command {
  return addRunDirectoryOption(
    command
      .option('--cookie-file <file>', 'the file that holds the cookie (default: RELEASE_COOKIE, else ~/.erlang.cookie)')
      .option('--cookie <cookie>', 'the cookie itself; other users of this host can see it')
      .option('--epmd-port <port>', 'of EPMD (default: ERL_EPMD_PORT, else 4369)', parsePort),
  )
}

export function addRunDirectoryOption(command: Command): Command {
  return command.option(
    '--run-directory <folder>',
    'of a running app (default: TIEBEAM_RUN_DIRECTORY, else the app started here)',
  )
}

export function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a whole number from 1 to 65535.')
}
