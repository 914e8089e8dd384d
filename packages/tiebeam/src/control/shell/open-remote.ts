import { TiebeamError } from '../../errors.ts'
import { Console } from './console.ts'
import type { ControlClient } from './control-client.ts'
import { historyFile } from './history-file.ts'

/** A console inside an app; resolves with the exit code when the user has left it. */
export async function openRemote(client: ControlClient, colours: boolean): Promise<number> {
  const about = await client.about()
  const evaluator = {
    evaluate: (code: string) => client.evaluate(code, { colours }),
    complete: (line: string) => client.complete(line),
  }
  const prompt = `${about.node ?? `process ${about.pid}`} (remote)> `
  const terminal = new Console({ evaluator, prompt, historyFile: historyFile() })
  client.onOutput = (text) => terminal.print(text)
  void client.closed.then(() => terminal.close())
  return terminal.run()
}

/** Prints the value of an expression. @throws TiebeamError `EVALUATION_FAILED` */
export async function evaluateOnce(
  client: ControlClient,
  expression: string,
  init: { readonly colours: boolean; readonly json: boolean },
): Promise<void> {
  client.onOutput = (text) => process.stderr.write(text)
  const evaluation = await client.evaluate(expression, init)
  if (evaluation.type === 'value') process.stdout.write(`${evaluation.text}\n`)
  else if (evaluation.type === 'failed') throw new TiebeamError('EVALUATION_FAILED', evaluation.text)
  else throw new TiebeamError('OPTION_INVALID', 'The expression is not complete.')
}
