/**
 * A page as a reader follows it, from top to bottom: programs to save and start, commands to type, files to write, and
 * what is then seen. Pure. The rules are in docs/test/README.md.
 */
import { fencesOf } from './markdown.mjs'

/**
 * @typedef {{ kind: 'program', name: string, line: number, source: string, notRun?: string }} ProgramStep
 *   `source` has the page's own line numbers
 * @typedef {{ kind: 'file', name: string, line: number, text: string }} FileStep
 * @typedef {{ kind: 'commands', line: number, text: string }} CommandsStep
 * @typedef {{ kind: 'console', console: 'iex' | 'erl', line: number, command: string }} ConsoleStep
 * @typedef {{ kind: 'input', console: 'iex' | 'erl', line: number, text: string }} InputStep
 * @typedef {{ kind: 'output', of: string | undefined, line: number, lines: string[] }} OutputStep
 *   `of` names a program; without it, whatever came last
 * @typedef {ProgramStep | FileStep | CommandsStep | ConsoleStep | InputStep | OutputStep} Step
 * @typedef {{ line: number, language: string, reason: string }} NotRun
 * @typedef {{ steps: Step[], ran: number, notRun: NotRun[] }} PageScript
 *   `ran` counts fences that are run
 */

const shell = new Set(['sh', 'bash'])
const consoles = /** @type {const} */ ({ elixir: 'iex', erl: 'erl', erlang: 'erl' })
/** Languages that show something and are no example. */
const shown = new Set(['text', ''])

/**
 * @param {string} page
 * @returns {PageScript}
 * @throws Error that names the line of a fence nobody can make sense of
 */
export function scriptOf(page) {
  /** @type {PageScript} */
  const script = { steps: [], ran: 0, notRun: [] }
  /** @type {ProgramStep | undefined} */
  let program
  for (const fence of fencesOf(page)) {
    const { language, attributes, line, text } = fence
    const reason = attributes['not-run']
    if (reason !== undefined) {
      if (reason.length < 10) throw new Error(`line ${line}: not-run wants its reason: not-run="why"`)
      script.notRun.push({ line, language, reason })
    } else if (attributes.output === undefined && !shown.has(language)) {
      script.ran += 1
    }
    if (language === 'ts') {
      const name = /^\/\/ (\S+\.ts)\b/.exec(text)?.[1]
      const apart = reason !== undefined || program?.notRun !== undefined
      if (name || !program || apart || importsAgain(text, program.source)) {
        program = {
          kind: 'program',
          name: name ?? 'the program',
          line,
          source: '',
          ...(reason === undefined ? {} : { notRun: reason }),
        }
        script.steps.push(program)
      }
      // Blank lines in front, so that the compiler and stack traces speak of the page's lines.
      program.source += '\n'.repeat(line - program.source.split('\n').length + 1) + text
    } else if (reason !== undefined) {
    } else if (attributes.file) {
      script.steps.push({ kind: 'file', name: attributes.file, line, text })
    } else if (attributes.output !== undefined) {
      const lines = text.split('\n').filter((each) => each.trim() !== '')
      script.steps.push({ kind: 'output', of: attributes.output || undefined, line, lines })
    } else if (shell.has(language)) {
      script.steps.push(...commandSteps(text, line))
    } else if (language in consoles) {
      const console = consoles[/** @type {keyof typeof consoles} */ (language)]
      script.steps.push({ kind: 'input', console, line, text })
    } else if (!shown.has(language)) {
      throw new Error(`line ${line}: nothing runs ${language}; say why with not-run="why"`)
    }
  }
  return script
}

/**
 * Whether a fence imports what the program has imported already: then it can only be a program of its own.
 *
 * @param {string} text
 * @param {string} source
 */
function importsAgain(text, source) {
  const imported = importedNames(source)
  return importedNames(text).some((name) => imported.includes(name))
}

/** @param {string} text */
function importedNames(text) {
  return [...text.matchAll(/^import (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/^.* as /, ''),
    )
    .filter((name) => name !== '')
}

/**
 * A console is opened by the last command of a fence; those before it are run first.
 *
 * @param {string} text
 * @param {number} line
 * @returns {(CommandsStep | ConsoleStep)[]}
 */
function commandSteps(text, line) {
  const commands = text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((each) => each.trim() !== '')
  const [, console] = /^(?:[A-Z_]+=\S+ )*(iex|erl) /.exec(commands.at(-1) ?? '') ?? []
  if (console !== 'iex' && console !== 'erl') return [{ kind: 'commands', line, text }]
  const command = /** @type {string} */ (commands.pop())
  return [
    ...(commands.length > 0
      ? [{ kind: /** @type {const} */ ('commands'), line, text: `${commands.join('\n')}\n` }]
      : []),
    { kind: 'console', console, line, command },
  ]
}

/**
 * Looks for lines in an output, in their order. An ellipsis stands for any characters.
 *
 * @param {readonly string[]} expected
 * @param {readonly string[]} seen
 * @param {ReadonlySet<number>} used indexes of lines of `seen` that other expectations have taken
 * @returns {{ found: number[] } | { missing: string }} indexes in `seen`
 */
export function findLines(expected, seen, used) {
  /** @type {number[]} */
  const found = []
  for (const line of expected) {
    const pattern = new RegExp(`^${line.split('…').map(literally).join('.*')}$`)
    const after = found.at(-1) ?? -1
    const index = seen.findIndex((each, at) => at > after && !used.has(at) && pattern.test(each.trimEnd()))
    if (index === -1) return { missing: line }
    found.push(index)
  }
  return { found }
}

/** @param {string} text */
function literally(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/**
 * The lines of a console's output without its prompts.
 *
 * @param {string} output
 */
export function consoleLines(output) {
  const prompt = /^(?:(?:(?:iex|\.\.\.)?\([^()\n]*\)\d*|\d+)> )+/
  return output.split('\n').map((line) => line.replace(prompt, ''))
}
