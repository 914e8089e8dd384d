import type { Command } from 'commander'
import { historyFile } from '../../control/shell/history-file.ts'
import { addCookieOptions, type TargetFlags } from './target-options.ts'
import { endWith, outColours } from './terminal.ts'

export function registerShell(program: Command): void {
  addCookieOptions(program.command('shell'))
    .description('open a console that is a node of its own')
    .option('--name <name>', 'of the node, such as foo@127.0.0.1 (default: made up, on loopback)')
    .option('--sname <name>', 'with a host without a dot, for clusters of short names')
    .addHelpText(
      'after',
      `
In the console:
  await connect('bar@127.0.0.2')                    connect to a node; nodes() lists them
  await ping('bar@127.0.0.2')                       pong, or pang
  await call('prices', 'bar@127.0.0.2', tuple(atom('price'), 'tea'))   call a GenServer
  await rpc('bar@127.0.0.2', 'Enum.sum', [1, 2])    call a function
  send({ name: 'log', node: 'bar@127.0.0.2' }, 'hello')
  What other nodes send to { name: 'shell', node: <this one> } is printed.

Examples:
  $ tiebeam shell --name foo@127.0.0.1 --cookie-file cookie
  $ echo "await ping('bar@127.0.0.2')" | tiebeam shell`,
    )
    .action(async (flags: TargetFlags & { readonly name?: string; readonly sname?: string }) => {
      const [
        { startShellNode, shellContext },
        { findCookie, portOf, tlsOfEnvironment },
        { Console },
        { Interpreter },
        { textOf },
      ] = await Promise.all([
        import('./shell-node.ts'),
        import('../../attach/shell/find-target.ts'),
        import('../../control/shell/console.ts'),
        import('../../control/shell/interpreter.ts'),
        import('../../control/text-of.ts'),
      ])
      const colours = outColours()
      const shell = await startShellNode({
        name: flags.name ?? flags.sname ?? `shell-${process.pid}@127.0.0.1`,
        shortNames: flags.sname !== undefined,
        cookie: await findCookie(flags, process.env),
        epmdPort: flags.epmdPort ?? portOf(process.env.ERL_EPMD_PORT),
        tls: await tlsOfEnvironment(process.env),
        onNews: (text) => terminal.tell(text),
      })
      const interpreter = await Interpreter.start({
        context: shellContext(shell),
        onOutput: (text) => terminal.print(text),
        textOf: (value) => textOf(value, colours),
      })
      const terminal = new Console({
        evaluator: {
          evaluate: async (code) => {
            const outcome = await interpreter.evaluate(code)
            if (outcome.type === 'incomplete') return outcome
            const value = outcome.type === 'value' ? outcome.value : outcome.error
            return { type: outcome.type, text: textOf(value, colours) }
          },
          complete: (line) => interpreter.complete(line),
        },
        prompt: `${shell.node.name}> `,
        historyFile: historyFile(),
      })
      try {
        endWith(await terminal.run())
      } finally {
        interpreter.close()
        await shell.stop()
      }
    })
}
