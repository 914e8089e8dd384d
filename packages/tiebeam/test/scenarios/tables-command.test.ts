import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '@tiebeam/testing'
import { scratchFolder, tiebeam } from '../command/command-line.ts'
import { startApp, started } from '../start/app-process.ts'

test('the tables of an app are looked at, and mended by a person, on the command line', async (t) => {
  const folder = scratchFolder(t)
  const env = { TIEBEAM_RUN_DIRECTORY: join(folder, 'run'), ERL_EPMD_PORT: String(await freePort()) }
  const app = await startApp(t, 'tables', { environment: env })
  const { name } = await started(app)

  const status = await tiebeam(['status'], { env })
  assert.match(status.stdout, /NODE +TABLES +VIEW +ROWS/, status.stderr)
  assert.match(status.stdout, new RegExp(`${name} +primary +1 \\(1 members\\) +2 `))

  const before = JSON.parse((await tiebeam(['tables', 'status', '--json'], { env })).stdout) as Status
  assert.deepEqual([before.role, before.rows], ['primary', { sessions: 1, hits: 1 }])

  assert.equal((await tiebeam(['tables', 'reset'], { env })).code, 2)
  const reset = await tiebeam(['tables', 'reset', '--keep'], { env })
  assert.equal(reset.code, 0, reset.stderr)
  const after = JSON.parse((await tiebeam(['tables', 'status', '--json'], { env })).stdout) as Status
  assert.notEqual(after.view.identity, before.view.identity)
  assert.deepEqual([after.role, after.rows], ['primary', { sessions: 1, hits: 1 }])
})

interface Status {
  readonly role: string
  readonly rows: Readonly<Record<string, number>>
  readonly view: { readonly identity: string }
}
