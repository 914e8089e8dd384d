import type { Command } from 'commander'
import { addRunDirectoryOption } from './target-options.ts'
import { endWith, outColours } from './terminal.ts'

interface Flags {
  readonly runDirectory?: string
}

export function registerRemote(program: Command): void {
  addRunDirectoryOption(program.command('remote'))
    .description('open a console inside a running app: app, node, cluster … are there by name')
    .addHelpText(
      'after',
      "\nLeaving it, by .exit or Ctrl-D, leaves the app as it is.\n\nExample:\n  $ echo 'node.nodes()' | tiebeam remote",
    )
    .action(async ({ runDirectory }: Flags) => {
      const [{ connectToApp }, { openRemote }] = await Promise.all([
        import('../../attach/shell/run-directories.ts'),
        import('../../control/shell/open-remote.ts'),
      ])
      const client = await connectToApp(runDirectory, process.env)
      try {
        endWith(await openRemote(client, outColours()))
      } finally {
        client.close()
      }
    })
}

export function registerEval(program: Command): void {
  addRunDirectoryOption(program.command('eval'))
    .argument('<expression>', 'JavaScript; await may be used')
    .description('evaluate an expression inside a running app')
    .option('--json', 'print JSON')
    .addHelpText('after', "\nExample:\n  $ tiebeam eval '(await app.status()).state'")
    .action(async (expression: string, flags: Flags & { readonly json?: true }) => {
      const [{ connectToApp }, { evaluateOnce }] = await Promise.all([
        import('../../attach/shell/run-directories.ts'),
        import('../../control/shell/open-remote.ts'),
      ])
      const client = await connectToApp(flags.runDirectory, process.env)
      try {
        await evaluateOnce(client, expression, { colours: outColours(), json: flags.json === true })
      } finally {
        client.close()
      }
    })
}

export function registerStop(program: Command): void {
  addRunDirectoryOption(program.command('stop'))
    .description('stop a running app in order, and wait for its end')
    .option('--json', 'print JSON')
    .action(async (flags: Flags & { readonly json?: true }) => {
      const [{ connectToApp }, { stopProcess }] = await Promise.all([
        import('../../attach/shell/run-directories.ts'),
        import('../../control/shell/stop-process.ts'),
      ])
      const pid = await stopProcess(await connectToApp(flags.runDirectory, process.env))
      process.stdout.write(
        flags.json === true ? `${JSON.stringify({ stopped: pid })}\n` : `Process ${pid} has stopped.\n`,
      )
    })
}
