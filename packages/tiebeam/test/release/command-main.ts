/** The `release` and `manifests` commands alone, as the tests of them call them. */
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { registerManifests } from '../../src/manifests/command.ts'
import { registerRelease } from '../../src/release/command.ts'

const control = fileURLToPath(new URL('../../../test/release/app/control.ts', import.meta.url))
const program = new Command('tiebeam')
registerRelease(program, control)
registerManifests(program)
try {
  await program.parseAsync()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
