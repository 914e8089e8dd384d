import { atom, tuple } from '@tiebeam/distribution'
import { TiebeamError } from '../errors.ts'

/**
 * Reads a term as it is written in Erlang or Elixir: `:ok`, `'Elixir.Enum'`, `{:price, "tea"}`, `[1, 2.5]`, `%{a: 1}`, `%{"a" => 1}`,
 * `#{a => 1}`. Texts are binaries. JSON is read too: `{"a": 1}` is a map.
 * @throws TiebeamError `OPTION_INVALID`, with the place
 */
export function parseTerm(text: string): unknown {
  const parser = new TermParser(text)
  const term = parser.term()
  parser.end()
  return term
}

const TOKEN =
  /\s*(?:(=>|[#%]\{|[{}[\],:])|("(?:[^"\\]|\\.)*")|('(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_][\w@.]*[?!]?))/y
const DEPTH_MAX = 100

type Token =
  | { readonly type: 'sign' | 'word' | 'number'; readonly text: string }
  | { readonly type: 'text' | 'atom'; readonly text: string }

class TermParser {
  readonly #text: string
  #at = 0
  #next: Token | undefined
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.#advance()
  }

  end(): void {
    if (this.#next !== undefined || this.#text.slice(this.#at).trim() !== '') this.#fail()
  }

  term(): unknown {
    if (this.#depth >= DEPTH_MAX) this.#fail()
    this.#depth += 1
    const term = this.#term()
    this.#depth -= 1
    return term
  }

  #term(): unknown {
    const token = this.#take()
    switch (token.type) {
      case 'text':
        return token.text
      case 'atom':
        return atom(token.text)
      case 'number':
        return numberOf(token.text)
      case 'word':
        return wordOf(token.text)
      case 'sign':
        if (token.text === '[') return this.#list(']')
        if (token.text === '{') return this.#braces()
        if (token.text === '#{' || token.text === '%{') return this.#map()
        if (token.text === ':') return this.#atomAfterColon()
        return this.#fail()
    }
  }

  #atomAfterColon(): unknown {
    const { type, text } = this.#take()
    if (type === 'word' || type === 'text' || type === 'atom') return atom(text)
    return this.#fail()
  }

  /** A tuple; or an object of JSON, whose first key is a text with a colon after it. */
  #braces(): unknown {
    if (this.#skip('}')) return tuple()
    const first = this.term()
    if (typeof first === 'string' && this.#skip(':')) {
      const map: [unknown, unknown][] = [[first, this.term()]]
      while (this.#skip(',')) {
        const key = this.term()
        this.#expect(':')
        map.push([key, this.term()])
      }
      this.#expect('}')
      return Object.fromEntries(map as [string, unknown][])
    }
    if (this.#skip('}')) return tuple(first)
    this.#expect(',')
    return tuple(first, ...this.#list('}'))
  }

  #list(closing: ']' | '}'): unknown[] {
    const items: unknown[] = []
    if (this.#skip(closing)) return items
    do items.push(this.term())
    while (this.#skip(','))
    this.#expect(closing)
    return items
  }

  #map(): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    if (this.#skip('}')) return map
    do {
      const token = this.#next
      const key = this.term()
      if (this.#skip('=>')) map.set(key, this.term())
      // As in Elixir, a word before a colon is an atom.
      else if ((token?.type === 'word' || token?.type === 'text') && this.#skip(':'))
        map.set(atom(token.text), this.term())
      else this.#fail()
    } while (this.#skip(','))
    this.#expect('}')
    return map
  }

  #take(): Token {
    const token = this.#next
    if (token === undefined) return this.#fail()
    this.#advance()
    return token
  }

  #skip(sign: string): boolean {
    if (this.#next?.type !== 'sign' || this.#next.text !== sign) return false
    this.#advance()
    return true
  }

  #expect(sign: string): void {
    if (!this.#skip(sign)) this.#fail()
  }

  #advance(): void {
    TOKEN.lastIndex = this.#at
    const match = TOKEN.exec(this.#text)
    this.#next = match === null ? undefined : this.#tokenOf(match)
    if (match !== null) this.#at = TOKEN.lastIndex
  }

  #tokenOf([, sign, text, quoted, number, word]: RegExpExecArray): Token {
    if (sign !== undefined) return { type: 'sign', text: sign }
    if (text !== undefined) return { type: 'text', text: unquote(text) ?? this.#fail() }
    if (quoted !== undefined) return { type: 'atom', text: quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1') }
    if (number !== undefined) return { type: 'number', text: number }
    return { type: 'word', text: word as string }
  }

  #fail(): never {
    throw new TiebeamError(
      'OPTION_INVALID',
      `${this.#text} is neither JSON nor a term, from character ${this.#at + 1} on. Write texts as "tea", atoms as :tea, tuples as {:price, "tea"}, maps as {"a": 1} or %{a: 1}.`,
    )
  }
}

function unquote(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return undefined
  }
}

function numberOf(text: string): number | bigint {
  const number = Number(text)
  return Number.isInteger(number) && !Number.isSafeInteger(number) && /^-?\d+$/.test(text) ? BigInt(text) : number
}

/** `true`, `false` and `nil` are what JavaScript has for them; a capital begins a module of Elixir. */
function wordOf(word: string): unknown {
  switch (word) {
    case 'true':
      return true
    case 'false':
      return false
    case 'null':
    case 'nil':
      return null
    default:
      return atom(/^[A-Z]/.test(word) && !word.startsWith('Elixir.') ? `Elixir.${word}` : word)
  }
}
