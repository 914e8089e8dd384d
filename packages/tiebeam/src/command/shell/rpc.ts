import { type Command, InvalidArgumentError } from 'commander'
import { addCookieOptions, type TargetFlags } from './target-options.ts'
import { outColours, printJson } from './terminal.ts'

interface Flags extends TargetFlags {
  readonly timeout: number
  readonly json?: true
}

export function registerRpc(program: Command): void {
  addCookieOptions(program.command('rpc'))
    .argument('<node>', 'such as shop@127.0.0.1')
    .argument('<function>', "module.function, such as shop.price, Enum.sum or 'Elixir.Enum'.sum")
    .argument('[args...]', 'JSON, or terms: "tea", :tea, {:price, "tea"}, %{a: 1}')
    .description('call a function that a node exposes')
    .option('--timeout <ms>', 'how long to wait for the result', parseMs, 5_000)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      "\nExamples:\n  $ tiebeam rpc shop@127.0.0.1 tiebeam.status --json\n  $ tiebeam rpc ex@127.0.0.1 Enum.sum '[1, 2, 3]'\n  $ tiebeam rpc ex@127.0.0.1 maps.get :a '%{a: 1}'",
    )
    .action(async (node: string, text: string, args: string[], flags: Flags) => {
      const [{ findTarget }, { AttachedNode }, { argumentOf, functionOf }, { textOf }] = await Promise.all([
        import('../../attach/shell/find-target.ts'),
        import('../../attach/shell/attached-node.ts'),
        import('../../attach/rpc-arguments.ts'),
        import('../../control/text-of.ts'),
      ])
      const { module, name } = functionOf(text)
      const values = args.map(argumentOf)
      const attached = await AttachedNode.attach(await findTarget({ ...flags, node }, process.env))
      try {
        const result = await attached.rpc.call(node, module, name, values, { timeoutMs: flags.timeout })
        if (flags.json === true) await printJson(result)
        else process.stdout.write(`${textOf(result, outColours())}\n`)
      } finally {
        await attached.stop()
      }
    })
}

function parseMs(text: string): number {
  const ms = Number(text)
  if (Number.isInteger(ms) && ms >= 1 && ms <= 2_147_483_647) return ms
  throw new InvalidArgumentError('It is a whole number of milliseconds, at least 1.')
}
