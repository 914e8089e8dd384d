/** An application for tests, run as a program of its own: `node program.js <scenario> <name of the node> <port>`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Application, type ChildSpec, Supervisor, taskChild, workerChild } from '../../src/index.ts'
import { cookie } from '../start.ts'

const [scenario, name = '', port] = process.argv.slice(2)

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}

function child(id: string, cleanUpMs = 0): ChildSpec {
  return workerChild({
    id,
    run: async (self) => {
      tell(`${id} starts`)
      await self.receive().catch(() => tell(`${id} stops`))
      await sleep(cleanUpMs)
      tell(`${id} ends`)
    },
  })
}

function crashing(id: string): ChildSpec {
  return workerChild({ id, run: () => Promise.reject(new Error('out of luck')) })
}

const unreachable: ChildSpec = {
  id: 'db',
  start: () => Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:5432')),
}

const hanging: ChildSpec = {
  id: 'hanging',
  start: (_parent, context) =>
    new Promise((_, reject) => {
      tell('hanging starts')
      context?.signal.addEventListener('abort', () => reject(new Error('aborted')))
    }),
}

const CHILDREN: Readonly<Record<string, readonly ChildSpec[]>> = {
  obedient: [child('a'), child('b', 50)],
  slow: [child('a'), child('b', 60_000)],
  late: [workerChild({ id: 'late', shutdownMs: 60_000, run: () => sleep(60_000) }), child('b')],
  failing: [child('a'), Supervisor.child({ id: 'storage', children: [unreachable] })],
  hanging: [child('a'), hanging],
  crashing: [child('a'), crashing('b')],
  batch: [child('a'), taskChild({ id: 'job', significant: true, run: () => tell('job done') })],
  'failing batch': [child('a'), { ...crashing('job'), restart: 'temporary', significant: true }],
  busy: [child('a')],
}

// Keeps the process running after the application has stopped.
if (scenario === 'busy') setInterval(() => {}, 1_000)

await Application.run({
  name: 'shop',
  node: { name, cookie, epmd: false, port: Number(port) },
  autoShutdown: 'anySignificant',
  children: CHILDREN[scenario ?? ''] ?? [],
  ...(scenario === 'late' && { stopMs: 50 }),
})
tell(`listeners ${process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')}`)
