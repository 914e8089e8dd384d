/** npm run demo: tells how a cluster forms, loses a member and takes it back. */
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { StepFailed } from './cluster-members.ts'
import { NameServer } from './name-server.ts'
import { type DemoOptions, readOptions, usage } from './options.ts'
import { Presentation, wantsColours } from './presentation.ts'
import { stayUp } from './stay-up.ts'
import { Story } from './story.ts'

/** Why the demo was told to end. */
class Interrupted extends Error {
  readonly status: number

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'EPIPE', status: number) {
    super(`interrupted (${signal})`)
    this.status = status
  }
}

/** Statuses are a shell's: 128 plus the number of the signal. */
const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const

function readArguments(): DemoOptions | undefined {
  try {
    const options = readOptions(process.argv.slice(2), process.env)
    if (options !== 'help') return options
    console.log(usage)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exitCode = 2
  }
  return undefined
}

async function run(options: DemoOptions): Promise<number> {
  const now = () => performance.now()
  const presentation = new Presentation(process.stdout, wantsColours(process.stdout, process.env), now)
  const interruption = new AbortController()
  const cookie = `demo-${randomBytes(8).toString('hex')}`
  const nameServer = await NameServer.start()
  const story = new Story({ presentation, options, cookie, nameServer, signal: interruption.signal, now })

  const interrupt = (reason: Interrupted): void => {
    // Whoever asks twice does not want to wait.
    if (interruption.signal.aborted) story.members.kill()
    interruption.abort(reason)
  }
  const handlers = signals.map(([name, status]) => [name, () => interrupt(new Interrupted(name, status))] as const)
  for (const [name, handler] of handlers) process.on(name, handler)
  // The reader of a pipe is gone: nobody is told anything any more.
  process.stdout.on('error', () => interrupt(new Interrupted('EPIPE', 141)))

  try {
    presentation.header('Tiebeam: a cluster of TypeScript and Erlang nodes that forms and heals by itself', [
      `Node.js ${process.versions.node} on ${process.platform}; name server on ${nameServer.address}:${nameServer.port}; EPMD port ${options.epmdPort}`,
      'On each line: time since the start, and since what caused it.',
    ])
    await story.tell()
    presentation.closing(`Every step passed, in ${(presentation.elapsedMs / 1000).toFixed(1)} s.`, 'green')
    if (!options.once) await stayUp({ story, presentation, cookie, options, signal: interruption.signal, now })
    return 0
  } catch (error) {
    return explain(error, story, presentation)
  } finally {
    await story.members.stop()
    await nameServer.stop()
    for (const [name, handler] of handlers) process.off(name, handler)
  }
}

function explain(error: unknown, story: Story, presentation: Presentation): number {
  if (error instanceof Interrupted) {
    presentation.closing(`Ended before the last step: ${error.message}.`, 'yellow')
    return error.status
  }
  presentation.failed(error instanceof StepFailed ? error.message : String((error as Error)?.stack ?? error))
  for (const member of story.members.all.filter(({ stderr }) => stderr !== '')) {
    presentation.paragraph([`What ${member.name} wrote to its standard error:`])
    presentation.paragraph(member.stderr.split('\n'), 'dim')
  }
  presentation.closing('A step failed.', 'red')
  return 1
}

const options = readArguments()
if (options) process.exitCode = await run(options)
