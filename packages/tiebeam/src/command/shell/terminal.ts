import { type Paint, paintOf, wantsColours } from '../output.ts'

export function outColours(): boolean {
  return wantsColours(process.stdout, process.env)
}

export function paintOut(): Paint {
  return paintOf(outColours())
}

export async function printJson(value: unknown): Promise<void> {
  // It knows terms, and so loads them.
  const { toJson } = await import('../../control/to-json.ts')
  process.stdout.write(`${toJson(value, 2)}\n`)
}

/** An expected end of a command with another code than 0; what there was to say has been said. */
export function endWith(code: number): void {
  process.exitCode = code
}
