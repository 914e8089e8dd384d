import type { Command } from 'commander'
import { TiebeamError } from '../../errors.ts'
import { addRunDirectoryOption } from './target-options.ts'

interface Flags {
  readonly runDirectory?: string
  readonly json?: true
}

export function registerTables(program: Command): void {
  const tables = program
    .command('tables')
    .description('look at the tables of a running app, and mend them after a loss')

  addRunDirectoryOption(tables.command('status'))
    .description('the view, the part that this app has in it, and figures')
    .option('--json', 'print JSON')
    .action((flags: Flags) => evaluate('app.tables.status ?? null', flags))

  addRunDirectoryOption(tables.command('reset'))
    .description('begin a new cluster of tables, when members or the record of the authority are lost for good')
    .option('--keep', 'keep the rows that this app holds')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nTo be run at one member, the one that is to go on. What the others hold and it does not is lost.\n\nExample:\n  $ tiebeam tables reset --keep',
    )
    .action(async (flags: Flags & { readonly keep?: true }) => {
      if (flags.keep !== true) {
        throw new TiebeamError(
          'OPTION_INVALID',
          'Without --keep all rows are gone: to begin with nothing, restart the app.',
        )
      }
      await evaluate('(await app.tables.reset({ keep: true }), app.tables.status.view)', flags)
    })
}

/** Through the control socket: such decisions are nothing for other nodes. */
async function evaluate(expression: string, { runDirectory, json }: Flags): Promise<void> {
  const [{ connectToApp }, { evaluateOnce }, { outColours }] = await Promise.all([
    import('../../attach/shell/run-directories.ts'),
    import('../../control/shell/open-remote.ts'),
    import('./terminal.ts'),
  ])
  const client = await connectToApp(runDirectory, process.env)
  try {
    await evaluateOnce(client, expression, { colours: outColours(), json: json === true })
  } finally {
    client.close()
  }
}
