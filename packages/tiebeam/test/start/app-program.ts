/** An app for tests, run as a program of its own: `node app-program.js <scenario>`; the environment says the rest. */
import { setTimeout as sleep } from 'node:timers/promises'
import { counter, table } from '@tiebeam/tables'
import { type ChildSpec, GenServer, type StartInit, start, workerChild } from '../../src/index.ts'

const [scenario = ''] = process.argv.slice(2)

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}

function child(id: string): ChildSpec {
  return workerChild({
    id,
    run: async (self) => {
      tell(`${id} starts`)
      await self.receive().catch(() => {})
      tell(`${id} ends`)
    },
  })
}

class Greeter extends GenServer {
  override readonly calls = { greet: (whom: string) => `hello ${whom}` }
}

const hanging: ChildSpec = {
  id: 'hanging',
  start: (_parent, context) =>
    new Promise((_, reject) => {
      tell('hanging starts')
      context?.signal.addEventListener('abort', () => reject(new Error('aborted')))
    }),
}

const step = (phase: 'unready' | 'leave' | 'drain' | 'handOver' | 'disconnect') => ({
  phase,
  name: phase,
  run: () => tell(phase),
})

const tables = { sessions: table<{ id: string; user: string }>()({ key: 'id' }), hits: counter() }

const SCENARIOS: Readonly<Record<string, StartInit>> = {
  plain: { children: [Greeter.child({ name: 'greeter' })] },
  ordered: {
    children: [child('a'), child('b')],
    leaving: [step('disconnect'), step('drain'), step('unready'), step('leave')],
  },
  slow: {
    leaving: [
      {
        phase: 'drain',
        name: 'slow',
        run: async () => {
          tell('drains')
          await sleep(60_000)
        },
      },
    ],
  },
  crashing: { children: [child('a'), workerChild({ id: 'b', run: () => Promise.reject(new Error('out of luck')) })] },
  failing: { children: [child('a'), { id: 'db', start: () => Promise.reject(new Error('connect ECONNREFUSED')) }] },
  hanging: { children: [hanging] },
}

async function startTables() {
  const opened = await start({ tables, tableOptions: { foundAfterMs: 0 } })
  await opened.tables.sessions.put({ id: 's1', user: 'ada' })
  await opened.tables.hits.increment('home')
  return opened
}

const app =
  scenario === 'empty' ? await start() : scenario === 'tables' ? await startTables() : await start(SCENARIOS[scenario])
tell(`started ${app.name} ${app.http?.port ?? 'off'}`)
