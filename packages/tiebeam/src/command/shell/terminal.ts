import { toJson } from '../../control/to-json.ts'
import { type Paint, paintOf, wantsColours } from '../output.ts'

export function outColours(): boolean {
  return wantsColours(process.stdout, process.env)
}

export function paintOut(): Paint {
  return paintOf(outColours())
}

export function printJson(value: unknown): void {
  process.stdout.write(`${toJson(value, 2)}\n`)
}

/** An expected end of a command with another code than 0; what there was to say has been said. */
export function endWith(code: number): void {
  process.exitCode = code
}
