/** The `release` and `manifests` commands alone, as the tests of them call them. */
import { Command } from 'commander'
import { registerManifests } from '../../src/manifests/command.ts'
import { registerRelease } from '../../src/release/command.ts'

const program = new Command('tiebeam')
registerRelease(program)
registerManifests(program)
try {
  await program.parseAsync()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
