import type { Command } from 'commander'
import { renderTable } from '../output.ts'
import { addTargetOptions, type TargetFlags } from './target-options.ts'
import { paintOut, printJson } from './terminal.ts'

export function registerNodes(program: Command): void {
  addTargetOptions(program.command('nodes'))
    .description('list the nodes that a node is connected to')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ tiebeam nodes --node shop@127.0.0.1')
    .action(async (flags: TargetFlags & { readonly json?: true }) => {
      const [{ findTarget }, { AttachedNode }, { askNodes }] = await Promise.all([
        import('../../attach/shell/find-target.ts'),
        import('../../attach/shell/attached-node.ts'),
        import('../../attach/shell/ask-nodes.ts'),
      ])
      const target = await findTarget(flags, process.env)
      const attached = await AttachedNode.attach(target)
      try {
        const nodes = await askNodes(attached, target.node)
        if (flags.json === true) await printJson(nodes)
        else {
          const rows = nodes.map(({ name, kind }) => [name, kind])
          process.stdout.write(renderTable(['node', 'kind'], rows, paintOut()))
        }
      } finally {
        await attached.stop()
      }
    })
}
