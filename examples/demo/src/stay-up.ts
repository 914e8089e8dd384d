import type { Member, MemberEvent } from './members.ts'
import type { DemoOptions } from './options.ts'
import type { Presentation } from './presentation.ts'
import { addresses, type Basename, nodeOf, type Story } from './story.ts'

/** Enough for a reader to see what happened, and for a node that cannot start not to be started in a tight loop. */
const restartDelayMs = 1000

export interface StayUpInit {
  story: Story
  presentation: Presentation
  cookie: string
  options: DemoOptions
  signal: AbortSignal
  now: () => number
}

/** Keeps the cluster up for the reader to play with, until the signal aborts. */
export async function stayUp({ story, presentation, cookie, options, signal, now }: StayUpInit): Promise<void> {
  presentation.closing('The cluster stays up until Ctrl-C. From another terminal:', 'bold')
  presentation.paragraph(invitation(story, cookie, options))

  const downAt = new Map<string, number>()
  const restarts = new Set<NodeJS.Timeout>()
  const tell = (member: Member, event: MemberEvent): void => {
    switch (event.type) {
      case 'nodeup':
        presentation.event(`${member.name} is connected to ${event.node}`)
        break
      case 'nodedown':
        // The others may notice before the operating system tells the demo.
        if (!downAt.has(event.node)) downAt.set(event.node, now())
        presentation.event(`${member.name} lost ${event.node}: ${event.reason}`, downAt.get(event.node))
        break
      case 'greeted':
        presentation.event(`${event.by} → ${member.name}: “${event.text}”`)
        break
      case 'up':
        presentation.event(`${member.name} is up: process ${member.pid}`, downAt.get(member.name))
        downAt.delete(member.name)
        if (member.name === nodeOf('qux')) story.list('qux')
        break
      case 'ended': {
        if (!downAt.has(member.name)) downAt.set(member.name, now())
        presentation.event(
          `${member.name} ended ${event.how}, and is started again in ${restartDelayMs / 1000} s`,
          downAt.get(member.name),
        )
        const basename = basenameOf(member)
        story.unlist(basename)
        restarts.add(setTimeout(() => (basename === 'qux' ? story.startOtp() : story.start(basename)), restartDelayMs))
        break
      }
      case 'view':
        if (event.role === 'primary') {
          presentation.event(`${member.name} is the primary of the table, which ${event.members} nodes hold`)
        }
        break
      case 'answered':
      case 'missing':
      case 'written':
      case 'rested':
      case 'read':
        break
    }
  }
  const stopListening = story.members.listen(tell)
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  stopListening()
  for (const restart of restarts) clearTimeout(restart)
  presentation.closing('Ending all nodes.', 'bold')
}

function basenameOf(member: Member): Basename {
  const basename = (Object.keys(addresses) as Basename[]).find((candidate) => nodeOf(candidate) === member.name)
  if (!basename) throw new TypeError(`${member.name} has no part in the demo`)
  return basename
}

function invitation(story: Story, cookie: string, options: DemoOptions): string[] {
  const environment = options.epmdPort === 4369 ? '' : `ERL_EPMD_PORT=${options.epmdPort} `
  const guest = 'guest@127.0.0.1'
  const processes = story.members.alive.map((member) => `${member.name} is ${member.pid}`).join(', ')
  return [
    '',
    'Join with Elixir …',
    `  ${environment}iex --name ${guest} --cookie ${cookie}`,
    `    Node.connect(:"${nodeOf('foo')}")`,
    `    send({:greeter, :"${nodeOf('baz')}"}, {:hello, self(), "hi from Elixir"})`,
    '    receive do answer -> answer end',
    '… or with Erlang',
    `  ${environment}erl -name ${guest} -setcookie ${cookie}`,
    `    net_adm:ping('${nodeOf('foo')}').`,
    `    {greeter, '${nodeOf('baz')}'} ! {hello, self(), <<"hi from Erlang">>}.`,
    '    receive Answer -> Answer end.',
    '',
    `Kill one with kill -9 and see it come back: ${processes}`,
    '',
  ]
}
