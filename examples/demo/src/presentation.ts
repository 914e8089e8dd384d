import { stripVTControlCharacters } from 'node:util'

/** The part of a stream that the presentation needs. */
export interface Output {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const
export type Style = keyof typeof codes

/** Each basename keeps its colour through the whole story. */
const nodeStyles: Record<string, Style> = { foo: 'cyan', bar: 'yellow', baz: 'magenta', qux: 'green' }
const nodeName = /\b([a-z]+)@127\.[0-9.]*[0-9]/g

const atWidth = 9
const tookWidth = 11
const paragraphIndent = '  '

/** Lines of one form: the time since the start, the time since the line's cause, and what happened. */
export class Presentation {
  readonly #output: Output
  readonly #coloured: boolean
  readonly #now: () => number
  readonly #startedAt: number
  #steps = 0

  /** @param now a monotonic clock in milliseconds */
  constructor(output: Output, coloured: boolean, now: () => number) {
    this.#output = output
    this.#coloured = coloured
    this.#now = now
    this.#startedAt = now()
  }

  get elapsedMs(): number {
    return this.#now() - this.#startedAt
  }

  header(title: string, lines: readonly string[]): void {
    this.#line(this.style('bold', title))
    for (const line of lines) this.#line(this.style('dim', line))
  }

  step(title: string): void {
    this.#steps += 1
    this.#line('')
    this.#line(this.style('bold', `${this.#steps}. ${title}`))
  }

  /** @param since when the cause of this event was; by the clock that was given to the constructor */
  event(text: string, since?: number): void {
    this.#timed(' ', text, since)
  }

  passed(text: string, since?: number): void {
    this.#timed(this.style('green', '✓'), text, since)
  }

  failed(text: string, since?: number): void {
    this.#timed(this.style('red', '✗'), this.style('red', text), since)
  }

  skipped(text: string): void {
    this.#timed(this.style('yellow', '–'), text)
  }

  /** For what needs more than a line. */
  paragraph(lines: readonly string[], style?: Style): void {
    for (const line of lines)
      this.#line(`${paragraphIndent}${style ? this.style(style, line) : this.#withNodes(line)}`.trimEnd())
  }

  closing(text: string, style: Style): void {
    this.#line('')
    this.#line(this.style(style, text))
  }

  style(style: Style, text: string): string {
    if (!this.#coloured) return text
    return `\u001B[${codes[style]}m${text}\u001B[${style === 'bold' || style === 'dim' ? 22 : 39}m`
  }

  #timed(mark: string, text: string, since?: number): void {
    const at = `${(this.elapsedMs / 1000).toFixed(3)} s`.padStart(atWidth)
    const took = since === undefined ? '' : `+${(this.#now() - since).toFixed(1)} ms`
    this.#line(`${at}${this.style('dim', took.padStart(tookWidth))}  ${mark} ${this.#withNodes(text)}`)
  }

  #withNodes(text: string): string {
    return text.replace(nodeName, (name: string, base: string) => {
      const style = nodeStyles[base]
      return style ? this.style(style, name) : name
    })
  }

  /** What other programs wrote may hold control sequences of its own: never passed on. */
  #line(text: string): void {
    this.#output.write(`${this.#coloured ? text : stripVTControlCharacters(text)}\n`)
  }
}

/** Colours are for people: only in a terminal, and not where they are unwanted (no-color.org). */
export function wantsColours(output: Output, environment: NodeJS.ProcessEnv): boolean {
  return output.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb'
}
