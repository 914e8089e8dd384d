import type { Command } from 'commander'
import { EXIT_CODES } from '../exit-codes.ts'
import { addCookieOptions, type TargetFlags } from './target-options.ts'
import { endWith, paintOut, printJson } from './terminal.ts'

export function registerPing(program: Command): void {
  addCookieOptions(program.command('ping'))
    .argument('<node>', 'such as shop@127.0.0.1; of Tiebeam, Erlang or Elixir')
    .description('ask whether a node is there and answers')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ tiebeam ping shop@127.0.0.1')
    .action(async (name: string, flags: TargetFlags & { readonly json?: true }) => {
      const [{ findTarget }, { AttachedNode }] = await Promise.all([
        import('../../attach/shell/find-target.ts'),
        import('../../attach/shell/attached-node.ts'),
      ])
      const since = performance.now()
      const attached = await AttachedNode.attach(await findTarget({ ...flags, node: name }, process.env))
      try {
        const connectedMs = performance.now() - since
        const asked = performance.now()
        const answer = await attached.node.ping(name)
        const answeredMs = performance.now() - asked
        if (flags.json === true) await printJson({ node: name, answer, connectedMs, answeredMs })
        else {
          const paint = paintOut()
          const times = `connected in ${connectedMs.toFixed(1)} ms, answered in ${answeredMs.toFixed(1)} ms`
          process.stdout.write(`${paint(answer === 'pong' ? 'green' : 'red', answer)}  ${name}  ${times}\n`)
        }
        endWith(answer === 'pong' ? EXIT_CODES.done : EXIT_CODES.notReached)
      } finally {
        await attached.stop()
      }
    })
}
