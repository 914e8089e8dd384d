import type { REPLServer } from 'node:repl'
import { PassThrough, Writable } from 'node:stream'

export type Outcome =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'incomplete' }

export interface InterpreterInit {
  /** The names that code finds, besides those of JavaScript and Node. */
  readonly context: Readonly<Record<string, unknown>>
  /** What code prints with `console`, and errors thrown after their evaluation has ended. */
  readonly onOutput: (text: string) => void
  /** Prints values and errors that are thrown later. */
  readonly textOf: (value: unknown) => string
}

/** Stands in the output of the REPL where a value was written. */
const MARK = '\u0000value\u0000'

/**
 * Evaluates code as Node's REPL does, `await` and the declaration of names anew included, without a terminal. It is a REPL whose prompt
 * nobody sees: Node has no other way to all that.
 */
export class Interpreter {
  readonly #repl: REPLServer
  readonly #init: InterpreterInit
  #queue: Promise<unknown> = Promise.resolve()
  #written: { readonly value: unknown } | undefined
  #outcome: Outcome | undefined
  #onPrompt: (() => void) | undefined

  static async start(init: InterpreterInit): Promise<Interpreter> {
    // Loading it takes a while, and most processes never need it.
    const { start } = await import('node:repl')
    return new Interpreter(start, init)
  }

  private constructor(start: typeof import('node:repl').start, init: InterpreterInit) {
    this.#init = init
    const output = new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        this.#print(String(chunk))
        done()
      },
    })
    const writer = (value: unknown): string => {
      this.#written = { value }
      return MARK
    }
    this.#repl = start({ input: new PassThrough(), output, prompt: '', terminal: false, writer })
    // `.exit` and its like belong to the REPL in front of the user.
    for (const name of Object.keys(this.#repl.commands)) delete (this.#repl.commands as Record<string, unknown>)[name]
    Object.defineProperties(this.#repl.context, Object.getOwnPropertyDescriptors(init.context))
    this.#repl.displayPrompt = () => this.#onPrompt?.()
  }

  /** One after the other. Never rejects. */
  evaluate(code: string): Promise<Outcome> {
    const outcome = this.#queue.then(() => this.#evaluate(code))
    this.#queue = outcome
    return outcome
  }

  async #evaluate(code: string): Promise<Outcome> {
    if (code.trim() === '') return { type: 'value', value: undefined }
    this.#outcome = undefined
    await new Promise<void>((resolve) => {
      this.#onPrompt = resolve
      this.#repl.emit('line', code)
    })
    this.#onPrompt = undefined
    // A prompt without a value asks for the rest of the code.
    if (this.#outcome === undefined) this.#repl.clearBufferedCommand()
    return this.#outcome ?? { type: 'incomplete' }
  }

  /** What the end of the line may become, and how much of the line it stands for. */
  complete(line: string): Promise<[completions: string[], of: string]> {
    return new Promise((resolve) => {
      const done = (error: Error | null | undefined, result?: readonly [string[], string]): void =>
        resolve(error || result === undefined ? [[], line] : [result[0], result[1]])
      ;(
        this.#repl.completer as (line: string, done: (error: Error | null, result?: [string[], string]) => void) => void
      )(line, done)
    })
  }

  close(): void {
    this.#repl.close()
  }

  #print(text: string): void {
    if (!text.includes(MARK) || this.#written === undefined) {
      if (text !== '') this.#init.onOutput(text)
      return
    }
    const { value } = this.#written
    this.#written = undefined
    const failed = text.startsWith('Uncaught')
    if (this.#onPrompt === undefined) this.#init.onOutput(`Uncaught ${this.#init.textOf(value)}\n`)
    else this.#outcome = failed ? { type: 'failed', error: value } : { type: 'value', value }
  }
}
