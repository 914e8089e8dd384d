#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { registerManifests } from '../manifests/command.ts'
import { registerRelease } from '../release/command.ts'
import { TIEBEAM_VERSION } from '../version.ts'
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts'
import { paintOf, wantsColours } from './output.ts'
import { registerCompletion } from './shell/completion.ts'
import { registerEpmd } from './shell/epmd.ts'
import { registerNew } from './shell/new.ts'
import { registerNodes } from './shell/nodes.ts'
import { registerPing } from './shell/ping.ts'
import { registerEval, registerRemote, registerStop } from './shell/remote.ts'
import { registerRpc } from './shell/rpc.ts'
import { registerShell } from './shell/shell.ts'
import { registerStart } from './shell/start.ts'
import { registerStatus } from './shell/status.ts'
import { registerTables } from './shell/tables.ts'
import { registerTest } from './shell/test.ts'

const program = new Command('tiebeam')
  .description('TypeScript nodes in Erlang clusters.')
  .version(TIEBEAM_VERSION)
  .option('--verbose', 'show the stack of errors (or set TIEBEAM_DEBUG)')
  .showHelpAfterError('(tiebeam help shows what there is)')
  .addHelpText(
    'after',
    '\nExamples:\n  $ tiebeam new shop\n  $ tiebeam start --name shop@127.0.0.1\n  $ tiebeam status\n',
  )

// Only what a command needs is loaded, when it runs: a shell that completes, or a person who reads help, does not wait for a node.
for (const register of [
  registerNew,
  registerStart,
  registerTest,
  registerShell,
  registerStatus,
  registerNodes,
  registerPing,
  registerRpc,
  registerRemote,
  registerEval,
  registerStop,
  registerTables,
  registerRelease,
  registerManifests,
  registerEpmd,
  registerCompletion,
]) {
  register(program)
}
exitThroughErrors(program)

try {
  await program.parseAsync()
} catch (error) {
  process.exit(error instanceof CommanderError ? codeOfUsage(error) : report(error))
}

/** Commander prints by itself what was wrong. */
function codeOfUsage({ exitCode }: CommanderError): number {
  return exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage
}

function report(error: unknown): number {
  const paint = paintOf(wantsColours(process.stderr, process.env))
  const isVerbose = program.opts<{ verbose?: true }>().verbose === true || (process.env.TIEBEAM_DEBUG ?? '') !== ''
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${paint('red', 'tiebeam:')} ${message}\n`)
  if (isVerbose && error instanceof Error) {
    process.stderr.write(
      `${error.stack}\n${error.cause === undefined ? '' : `caused by ${String((error.cause as Error).stack ?? error.cause)}\n`}`,
    )
  }
  return exitCodeOf(error)
}

function exitThroughErrors(command: Command): void {
  command.exitOverride()
  for (const each of command.commands) exitThroughErrors(each)
}
