import type { Command, Option } from 'commander'
import { type CommandTree, completionScript, SHELLS } from '../completion-script.ts'

export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .argument('<shell>', SHELLS.join(', '))
    .description('print the completion script of a shell')
    .addHelpText(
      'after',
      '\nExamples:\n  $ eval "$(tiebeam completion bash)"          # in ~/.bashrc\n  $ eval "$(tiebeam completion zsh)"           # in ~/.zshrc\n  $ tiebeam completion fish | source           # in config.fish',
    )
    .action((shell: string) => {
      process.stdout.write(completionScript(shell, treeOf(program)))
    })
}

function treeOf(command: Command): CommandTree {
  const options: readonly Option[] = command.options
  return {
    name: command.name(),
    description: command.description(),
    options: options
      .filter(({ long }) => long !== undefined)
      .map(({ long, description }) => ({ flag: long as string, description })),
    commands: command.commands.map(treeOf),
  }
}
