import { argumentOf, functionOf } from '../attach/rpc-arguments.ts'
import { sourceOf } from '../attach/source-of.ts'
import { exitCodeOf } from '../command/exit-codes.ts'
import { wantsColours } from '../command/output.ts'
import { TiebeamError } from '../errors.ts'
import { ControlClient } from './shell/control-client.ts'
import { evaluateOnce, openRemote } from './shell/open-remote.ts'
import { stopProcess } from './shell/stop-process.ts'
import { socketPathOf } from './socket-path.ts'

// What `bin/<name>` of a release runs for `stop`, `remote`, `rpc`, `eval` and `pid`: all of it through the socket of the run directory.
try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = exitCodeOf(error)
}

async function run([command, ...args]: string[]): Promise<number> {
  const client = await ControlClient.connect(socketPathOf(process.env.TIEBEAM_RUN_DIRECTORY ?? ''))
  try {
    return await ask(client, command, args)
  } finally {
    client.close()
  }
}

async function ask(client: ControlClient, command: string | undefined, args: readonly string[]): Promise<number> {
  const colours = wantsColours(process.stdout, process.env)
  switch (command) {
    case 'remote':
      return openRemote(client, colours)
    case 'stop':
      await stopProcess(client)
      return 0
    case 'pid':
      process.stdout.write(`${(await client.about()).pid}\n`)
      return 0
    case 'eval':
      await evaluateOnce(client, needed(args[0], 'eval "CODE"'), { colours, json: false })
      return 0
    case 'rpc': {
      const { module, name } = functionOf(needed(args[0], 'rpc module.function [arguments]'))
      await evaluateOnce(client, callOf(module, name, args.slice(1).map(argumentOf)), { colours, json: false })
      return 0
    }
    default:
      throw new TiebeamError('OPTION_INVALID', `There is no ${command}: it is stop, remote, rpc, eval or pid.`)
  }
}

function needed(text: string | undefined, usage: string): string {
  if (text !== undefined) return text
  throw new TiebeamError('OPTION_INVALID', `Something is missing. Usage: ${usage}`)
}

/** The app calls its own exposed function as another node would. */
function callOf(module: string, name: string, values: readonly unknown[]): string {
  return `await app.rpc.call(app.node.name, ${JSON.stringify(module)}, ${JSON.stringify(name)}, ${sourceOf(values)})`
}
