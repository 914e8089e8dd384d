import { ask } from './control-channel.ts'

const [verb = '', argument = ''] = process.argv.slice(2)
try {
  process.stdout.write(await ask(verb, argument))
} catch {
  console.error('The system is not running.')
  process.exitCode = 1
}
