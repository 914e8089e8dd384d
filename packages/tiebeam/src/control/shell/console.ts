import { chmod } from 'node:fs/promises'
import { clearLine, createInterface, cursorTo } from 'node:readline'
import type { REPLServer } from 'node:repl'
import type { Evaluator } from '../console.ts'

export interface ConsoleInit {
  readonly evaluator: Evaluator
  readonly prompt: string
  /** Where the lines of earlier consoles are kept; only on a terminal. */
  readonly historyFile?: string | undefined
}

/** A console on this process's terminal, or for what is piped into it. */
export class Console {
  readonly #init: ConsoleInit
  #repl: REPLServer | undefined

  constructor(init: ConsoleInit) {
    this.#init = init
  }

  /** Prints what code prints, without harming the line that is being typed. */
  print(text: string): void {
    this.#write(process.stdout, text)
  }

  /** Prints what is not of the code, and so does not belong to the output of a script. */
  tell(text: string): void {
    this.#write(process.stderr, text)
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    if (this.#repl === undefined) {
      stream.write(text)
      return
    }
    clearLine(process.stdout, 0)
    cursorTo(process.stdout, 0)
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
    this.#repl.displayPrompt(true)
  }

  /** Until the user leaves, or the input ends; resolves with the exit code. */
  run(): Promise<number> {
    return process.stdin.isTTY && process.stdout.isTTY ? this.#converse() : this.#runScript()
  }

  /** Ends a conversation from outside. */
  close(): void {
    this.#repl?.close()
  }

  async #converse(): Promise<number> {
    const { Recoverable, start } = await import('node:repl')
    const { evaluator, prompt, historyFile } = this.#init
    const repl = start({
      prompt,
      preview: false,
      ignoreUndefined: true,
      // The evaluator gives text.
      writer: (text) => String(text),
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
        evaluator.complete(line).then(
          (result) => done(null, result),
          () => done(null, [[], line]),
        )
      },
      eval: (code, _context, _file, done) => {
        evaluator.evaluate(code.replace(/\n$/, '')).then(
          (evaluation) => {
            if (evaluation.type === 'incomplete') return done(new Recoverable(new SyntaxError()), undefined)
            if (evaluation.type === 'failed') process.stdout.write(`Uncaught ${evaluation.text}\n`)
            done(null, evaluation.type === 'value' && evaluation.text !== 'undefined' ? evaluation.text : undefined)
          },
          (error: Error) => {
            process.stdout.write(`${error.message}\n`)
            repl.close()
          },
        )
      },
    })
    this.#repl = repl
    if (historyFile !== undefined) {
      repl.setupHistory(historyFile, (error) => {
        if (error === null) void chmod(historyFile, 0o600).catch(() => {})
      })
    }
    await new Promise<void>((resolve) => repl.once('exit', () => resolve()))
    this.#repl = undefined
    return 0
  }

  /** Ends with 1 at the first code that fails, as what comes after it may rely on it. */
  async #runScript(): Promise<number> {
    const { evaluator } = this.#init
    let code = ''
    for await (const line of createInterface({ input: process.stdin, terminal: false })) {
      code = code === '' ? line : `${code}\n${line}`
      if (code.trim() === '.exit') return 0
      const evaluation = await evaluator.evaluate(code)
      if (evaluation.type === 'incomplete') continue
      if (evaluation.type === 'failed') {
        process.stderr.write(`Uncaught ${evaluation.text}\n`)
        return 1
      }
      if (evaluation.text !== 'undefined') process.stdout.write(`${evaluation.text}\n`)
      code = ''
    }
    if (code.trim() === '') return 0
    process.stderr.write('The input ended in the middle of something.\n')
    return 1
  }
}
