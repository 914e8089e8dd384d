import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counter, table } from '@tiebeam/tables'
import { freePort, loopback, RecordingLogger, type Scope, waitFor } from '@tiebeam/testing'
import { type App, Epmd, start } from '../../src/index.ts'

interface Session {
  readonly id: string
  readonly user: string
}

const tables = { sessions: table<Session>()({ key: 'id', indexes: ['user'] }), hits: counter() }

async function startReplicas(t: Scope, count: number) {
  const hosts = Array.from({ length: count }, (_, index) => loopback(index + 1))
  const epmdPort = await freePort()
  const names = hosts.map((host, index) => `app${index}@${host}`)
  const starting = names.map((nodeName) =>
    start({
      ...{ nodeName, cookie: 'a-long-secret', epmdPort, httpPort: 0, minimumNodes: count },
      ...{ environment: {}, ownsProcess: false, logger: new RecordingLogger() },
      topologies: { main: new Epmd({ hosts: names }) },
      tables,
      tableOptions: { foundAfterMs: 200, expose: { sessions: 'write' as const } },
    }),
  )
  const apps = await Promise.all(starting)
  for (const app of apps) t.after(() => app.stop())
  return apps
}

async function readyz(app: App<typeof tables>): Promise<number> {
  const [, host] = app.name.split('@')
  return (await fetch(`http://${host}:${app.http?.port}/readyz`)).status
}

test('replicas of an app share their tables, are ready as members of them, and leave them in order', async (t) => {
  const apps = await startReplicas(t, 3)
  const [first, second, third] = apps as [App<typeof tables>, App<typeof tables>, App<typeof tables>]
  await first.tables.sessions.put({ id: 's1', user: 'ada' })
  await second.tables.sync()
  assert.deepEqual(second.tables.sessions.where('user', 'ada'), [{ id: 's1', user: 'ada' }])
  for (const app of apps) assert.equal(await readyz(app), 200)

  const primary = apps.find((app) => app.tables.status.role === 'primary') as App<typeof tables>
  const others = apps.filter((app) => app !== primary)
  await primary.stop()
  for (const app of others) {
    await waitFor(() => app.tables.status.view?.members.length === 2)
    assert.equal(app.tables.sessions.get('s1')?.user, 'ada')
  }
  const [left] = others as [App<typeof tables>]
  await left.tables.hits.increment('home')
  const { parts } = await left.status()
  assert.equal((parts.tables as { rows: Record<string, number> }).rows.hits, 1)
  const metrics = await left.metrics?.metrics()
  assert.match(metrics ?? '', /tiebeam_tables_members 2\n/)
  assert.match(metrics ?? '', /tiebeam_tables_rows\{table="sessions"\} 1\n/)
  assert.ok(third.name)
})
