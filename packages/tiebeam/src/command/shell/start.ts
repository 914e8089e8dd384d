import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import { parsePort } from './target-options.ts'

interface Flags {
  readonly name?: string
  readonly cookie?: string
  readonly cookieFile?: string
  readonly service?: string
  readonly app?: string
  readonly port?: number
  readonly httpPort?: string
  readonly epmdPort?: number
  readonly logLevel?: string
  readonly runDirectory?: string
}

export function registerStart(program: Command): void {
  program
    .command('start')
    .argument('[entry]', 'the program (default: tiebeam.entry of package.json, else src/main.ts)')
    .argument('[args...]', 'for the program')
    .description('run an app in the foreground; TypeScript runs as it is')
    .option('--name <name>', 'name of the node, shop@127.0.0.1 or shop (RELEASE_NODE)')
    .option('--cookie-file <file>', 'the file that holds the cookie')
    .option('--cookie <cookie>', 'the cookie (RELEASE_COOKIE); other users of this host can see it here')
    .option('--service <name>', 'the headless Service that lists the nodes (TIEBEAM_SERVICE_NAME)')
    .option('--app <name>', 'what stands before the @ of all nodes of the service (TIEBEAM_APP_NAME)')
    .option('--port <port>', 'for connections of other nodes (TIEBEAM_PORT)', parsePort)
    .option('--http-port <port>', 'of health and metrics, or off (TIEBEAM_HTTP_PORT)')
    .option('--epmd-port <port>', 'of EPMD (ERL_EPMD_PORT)', parsePort)
    .option('--log-level <level>', 'trace to fatal, or silent (TIEBEAM_LOG_LEVEL)')
    .option('--run-directory <folder>', 'of the control socket (TIEBEAM_RUN_DIRECTORY; default: .tiebeam/run/<name>)')
    .addHelpText(
      'after',
      '\nExamples:\n  $ tiebeam start\n  $ tiebeam start --name shop@127.0.0.2\n  $ tiebeam start src/worker.ts',
    )
    .action(async (given: string | undefined, args: string[], flags: Flags) => {
      const [{ findEntry }, { RUN_DIRECTORIES }, { findCookie }] = await Promise.all([
        import('./entry.ts'),
        import('../../attach/shell/run-directories.ts'),
        import('../../attach/shell/find-target.ts'),
        import('../../typescript/shell/register.ts'),
      ])
      const entry = await findEntry(given)
      const { name, cookie, cookieFile } = flags
      const base = (name ?? process.env.RELEASE_NODE ?? 'app').split('@', 1)[0] as string
      const settings = {
        RELEASE_NODE: name,
        RELEASE_COOKIE: (cookie ?? cookieFile) ? await findCookie({ cookie, cookieFile }, {}) : undefined,
        TIEBEAM_SERVICE_NAME: flags.service,
        TIEBEAM_APP_NAME: flags.app,
        TIEBEAM_PORT: flags.port,
        TIEBEAM_HTTP_PORT: flags.httpPort,
        ERL_EPMD_PORT: flags.epmdPort,
        TIEBEAM_LOG_LEVEL: flags.logLevel,
        TIEBEAM_RUN_DIRECTORY:
          flags.runDirectory ??
          process.env.TIEBEAM_RUN_DIRECTORY ??
          join(RUN_DIRECTORIES, base.replaceAll(/[^\w-]/g, '_')),
      }
      for (const [variable, value] of Object.entries(settings)) {
        if (value !== undefined) process.env[variable] = String(value)
      }
      // In this very process, so signals and the exit code are the app's own.
      process.argv = [process.argv[0] as string, entry, ...args]
      await import(pathToFileURL(entry).href)
    })
}
