import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { EXIT_CODES } from '../exit-codes.ts'
import { addTargetOptions, type TargetFlags } from './target-options.ts'
import { endWith, paintOut, printJson } from './terminal.ts'

interface Flags extends TargetFlags {
  readonly watch?: true
  readonly json?: true
}

const WATCH_MS = 1_000

export function registerStatus(program: Command): void {
  addTargetOptions(program.command('status'))
    .description('show the cluster as a table: every node, its links, and what is missing')
    .option('--watch', 'show it again every second, until Ctrl-C')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ tiebeam status\n  $ tiebeam status --node shop@10.0.0.7 --cookie-file cookie --json',
    )
    .action(async (flags: Flags) => {
      const [{ findTarget }, { AttachedNode }, { askCluster }, { missingPeers, renderReports }] = await Promise.all([
        import('../../attach/shell/find-target.ts'),
        import('../../attach/shell/attached-node.ts'),
        import('../../attach/shell/ask-status.ts'),
        import('../cluster-report.ts'),
      ])
      const target = await findTarget(flags, process.env)
      const attached = await AttachedNode.attach(target)
      try {
        for (;;) {
          const reports = await askCluster(attached, target.node)
          if (flags.json === true) await printJson(reports)
          else {
            // From the upper left corner on a cleared screen.
            if (flags.watch === true && process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H')
            process.stdout.write(renderReports(reports, Date.now(), paintOut()))
          }
          const isWhole =
            missingPeers(reports).length === 0 && reports.every(({ problem }) => problem !== 'unreachable')
          endWith(isWhole ? EXIT_CODES.done : EXIT_CODES.failed)
          if (flags.watch !== true) return
          await delay(WATCH_MS)
        }
      } finally {
        await attached.stop()
      }
    })
}
