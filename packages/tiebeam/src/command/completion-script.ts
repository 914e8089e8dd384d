import { TiebeamError } from '../errors.ts'

/** A command with what may follow it. */
export interface CommandTree {
  readonly name: string
  readonly description: string
  readonly options: readonly { readonly flag: string; readonly description: string }[]
  readonly commands: readonly CommandTree[]
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** @throws TiebeamError `OPTION_INVALID` for another shell */
export function completionScript(shell: string, tree: CommandTree): string {
  switch (shell) {
    case 'bash':
      return bash(tree)
    case 'zsh':
      return zsh(tree)
    case 'fish':
      return fish(tree)
    default:
      throw new TiebeamError(
        'OPTION_INVALID',
        `There is no completion for ${shell}: choose one of ${SHELLS.join(', ')}.`,
      )
  }
}

function words({ options, commands }: CommandTree): string {
  return [...commands.map(({ name }) => name), ...options.map(({ flag }) => flag)].join(' ')
}

function bash(tree: CommandTree): string {
  const cases = tree.commands.map((command) => `    ${command.name}) words='${words(command)}' ;;`).join('\n')
  return `# tiebeam completion for bash: eval "$(tiebeam completion bash)"
_tiebeam() {
  local words
  case \${COMP_WORDS[1]} in
${cases}
    *) words='${words(tree)}' ;;
  esac
  [ "$COMP_CWORD" -gt 1 ] || words='${words(tree)}'
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _tiebeam tiebeam
`
}

function zsh(tree: CommandTree): string {
  const commands = tree.commands.map(({ name, description }) => `    '${name}:${quoted(description)}'`).join('\n')
  const cases = tree.commands
    .map(({ name, options, commands: inner }) => {
      const entries = [
        ...options.map(({ flag, description }) => `'${flag}:${quoted(description)}'`),
        ...inner.map((each) => `'${each.name}:${quoted(each.description)}'`),
      ]
      return `    ${name}) entries=(${entries.join(' ')}) ;;`
    })
    .join('\n')
  return `#compdef tiebeam
# tiebeam completion for zsh: eval "$(tiebeam completion zsh)"
_tiebeam() {
  local -a commands entries
  commands=(
${commands}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case $words[2] in
${cases}
  esac
  _describe 'option' entries
  _files
}
compdef _tiebeam tiebeam
`
}

function fish(tree: CommandTree): string {
  const commands = tree.commands.map(
    ({ name, description }) => `complete -c tiebeam -n __fish_use_subcommand -a ${name} -d '${quoted(description)}'`,
  )
  const options = tree.commands.flatMap(({ name, options, commands: inner }) => [
    ...options.map(
      ({ flag, description }) =>
        `complete -c tiebeam -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} -d '${quoted(description)}'`,
    ),
    ...inner.map(
      (each) =>
        `complete -c tiebeam -n '__fish_seen_subcommand_from ${name}' -a ${each.name} -d '${quoted(each.description)}'`,
    ),
  ])
  return `# tiebeam completion for fish: tiebeam completion fish | source\n${[...commands, ...options].join('\n')}\n`
}

/** Within single quotes, and before a colon that zsh would take for its own. */
function quoted(text: string): string {
  return text.replaceAll("'", '’').replaceAll(':', '.')
}
