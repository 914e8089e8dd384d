import { TiebeamError } from '../errors.ts'
import { parseTerm } from './term-parser.ts'

export interface WantedFunction {
  readonly module: string
  readonly name: string
}

/**
 * `module.function`, or `module:function` as Erlang has it. The last dot counts, for modules of Elixir have dots of their own, and
 * `Enum.sum` is `'Elixir.Enum'.sum`.
 * @throws TiebeamError `OPTION_INVALID`
 */
export function functionOf(text: string): WantedFunction {
  const [, quoted, plain, name] = /^(?:'([^']+)'|([^'\s]+?))[.:]([^.:'\s]+)$/.exec(text) ?? []
  const module = quoted ?? plain
  if (module === undefined || name === undefined) {
    throw new TiebeamError(
      'OPTION_INVALID',
      `${text} is no function: write module.function, such as shop.price or Enum.sum.`,
    )
  }
  return { module: /^[A-Z]/.test(module) && !module.startsWith('Elixir.') ? `Elixir.${module}` : module, name }
}

/**
 * JSON, or a term as Erlang and Elixir write it. A bare word is a text, as on any command line: an atom is `:word`.
 * @throws TiebeamError `OPTION_INVALID`
 */
export function argumentOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return /^[\w@-][\w@ ./-]*$/.test(text) ? text : parseTerm(text)
  }
}
