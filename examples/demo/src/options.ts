import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** End after the last step instead of staying up. */
  once: boolean
  /** How long one step may take before it counts as failed. */
  stepLimitMs: number
  /** As erl reads it from ERL_EPMD_PORT. */
  epmdPort: number
}

export const usage = `npm run demo -- [options]

  --once               end after the last step: status 0, or 1 if a step failed
  --limit <seconds>    what each step may take (default 60)
  --help               this text

ERL_EPMD_PORT chooses another port for EPMD than 4369, as it does for erl.
NO_COLOR=1 leaves out colours.`

/** @throws TypeError whose message says which option or variable is wrong */
export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: { once: { type: 'boolean' }, limit: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return 'help'
  const limitSeconds = Number(values.limit ?? 60)
  if (!(limitSeconds > 0 && limitSeconds <= 3600)) {
    throw new TypeError(`--limit ${values.limit}: give seconds, more than 0 and at most 3600`)
  }
  const epmdPort = Number(environment.ERL_EPMD_PORT || 4369)
  if (!Number.isInteger(epmdPort) || epmdPort < 1 || epmdPort > 65_535) {
    throw new TypeError(`ERL_EPMD_PORT=${environment.ERL_EPMD_PORT}: give a port between 1 and 65535, or unset it`)
  }
  return { once: values.once ?? false, stepLimitMs: limitSeconds * 1000, epmdPort }
}
